/** Where the inherited values of a process are written, for people who ask what a process ends up with. */

import type { PositionNode } from '../text/positions.ts';
import { findNode } from '../text/positions.ts';
import { showKey } from '../text/show-value.ts';
import { placeInWords } from '../text/source-file.ts';
import type { Place } from './place.ts';

/** By key, such as `env.TZ`, the table and the place: `[defaults], /etc/taskmaster.toml:3`. */
export type Origins = Readonly<Record<string, string>>;

type Origin = NonNullable<PositionNode['origin']>;

export class OriginFinder {
  /** One text for all the processes that inherit a key: to find the line of each would read the file again and again. */
  readonly #texts = new Map<string, string>();

  /** @param place of a process's table. @returns undefined if it inherits nothing. */
  of(place: Place): Origins | undefined {
    const node = findNode(place.source.root, place.path);
    const found: [string, string][] = [];
    if (node !== undefined) this.#collect(node, [], found);
    return found.length === 0 ? undefined : Object.fromEntries(found);
  }

  #collect(table: PositionNode, path: readonly string[], found: [string, string][]): void {
    for (const [key, node] of table.children) {
      const below = [...path, key];
      if (node.origin !== undefined) found.push([showKey(below), this.#inWords(node.origin)]);
      // A table may have keys of its own beside inherited ones, and inherited ones from several places.
      this.#collect(node, below, found);
    }
  }

  #inWords({ source, path }: Origin): string {
    const id = `${source.path}\0${path.join('\0')}`;
    let text = this.#texts.get(id);
    if (text === undefined) {
      const header = path.slice(0, path[0] === 'defaults' ? 1 : 2);
      text = `[${showKey(header)}], ${placeInWords(source, path)}`;
      this.#texts.set(id, text);
    }
    return text;
  }
}
