/** Who inherits from whom: a process from the templates that it extends, then from `[defaults]`. */

import { nearestWord } from '../../nearest-word.ts';
import { schemaAt } from '../schema/walk.ts';
import { type Holder, holderAt, holdersIn, inherit, type ParsedFile } from './inherit.ts';
import { type Findings, Place } from './place.ts';

/** Runs before the documents are checked, so that the schema's own defaults come last. */
export function inheritAll(files: readonly ParsedFile[], findings: Findings): void {
  const defaults = onlyDefaults(files, findings);
  const schema = schemaAt(['defaults']);
  const templates = new Templates(files, findings);
  for (const heir of holdersIn(files, 'processes')) {
    templates.extend(heir, []);
    if (defaults !== undefined && schema !== undefined) inherit(heir, defaults, schema);
  }
}

function onlyDefaults(files: readonly ParsedFile[], findings: Findings): Holder | undefined {
  const [first, ...others] = files.filter(({ source }) => source.root.children.has('defaults'));
  if (first === undefined) return undefined;
  const firstPlace = new Place(first.source, ['defaults'], findings).inWords();
  for (const { source } of others) {
    const message = `[defaults] is in more than one file; first at ${firstPlace}`;
    new Place(source, ['defaults'], findings).problem({ message, hint: 'merge the two' }, 'key');
  }
  return holderAt(first, ['defaults']);
}

class Templates {
  readonly #byName = new Map<string, Holder>();
  /** Names of those that have what they extend themselves. */
  readonly #whole = new Set<string>();
  readonly #findings: Findings;

  constructor(files: readonly ParsedFile[], findings: Findings) {
    this.#findings = findings;
    for (const holder of holdersIn(files, 'templates')) this.#add(holder);
    // Also those that no process extends: what is wrong with them is reported.
    for (const name of this.#byName.keys()) this.#wholeTemplate(name, []);
  }

  /**
   * Gives the heir what its templates have. Of several, a later one comes before an earlier one.
   * @param chain names of the templates that led here.
   */
  extend(heir: Holder, chain: readonly string[]): void {
    const schema = schemaAt(['templates', 'NAME']);
    const given = Object.hasOwn(heir.table, 'extends') ? heir.table.extends : [];
    const names: readonly unknown[] = Array.isArray(given) ? given : [given];
    const place = this.#placeOf(heir).at('extends');
    for (const [index, name] of [...names.entries()].reverse()) {
      // Anything else is reported when the document is checked.
      if (typeof name !== 'string' || schema === undefined) continue;
      const at = Array.isArray(given) ? place.at(index) : place;
      if (chain.includes(name)) {
        reportCycle(at, [...chain.slice(chain.indexOf(name)), name]);
        continue;
      }
      const template = this.#wholeTemplate(name, chain);
      if (template === undefined) this.#reportUnknown(at, name);
      else inherit(heir, template, schema);
    }
  }

  #add(holder: Holder): void {
    const name = String(holder.path.at(-1));
    const first = this.#byName.get(name);
    if (first === undefined) {
      this.#byName.set(name, holder);
      return;
    }
    const message = `the template ${JSON.stringify(name)} is defined twice; first at ${this.#placeOf(first).inWords()}`;
    this.#placeOf(holder).problem({ message, hint: 'give one of the two another name' }, 'key');
  }

  /** @returns the template with all that it extends, or undefined if there is none of this name. */
  #wholeTemplate(name: string, chain: readonly string[]): Holder | undefined {
    const template = this.#byName.get(name);
    if (template === undefined || this.#whole.has(name)) return template;
    this.#whole.add(name);
    this.extend(template, [...chain, name]);
    return template;
  }

  #placeOf({ file, path }: Holder): Place {
    return new Place(file.source, path, this.#findings);
  }

  #reportUnknown(place: Place, name: string): void {
    const near = nearestWord(name, this.#byName.keys());
    place.problem({
      message: `there is no template ${JSON.stringify(name)}`,
      hint: near === undefined ? `add [templates.${name}]` : `did you mean ${JSON.stringify(near)}?`,
    });
  }
}

function reportCycle(place: Place, names: readonly string[]): void {
  const message =
    names.length === 2
      ? `the template ${JSON.stringify(names[0])} extends itself`
      : `templates that extend each other: ${names.join(' → ')}`;
  place.problem({ message, hint: 'remove one of these extends' });
}
