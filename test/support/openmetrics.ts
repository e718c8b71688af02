/**
 * A strict reader of OpenMetrics 1.0 text: throws at whatever the specification does not allow. Only for the types
 * that taskmaster exposes (https://github.com/prometheus/OpenMetrics, "Text format").
 */

import assert from 'node:assert/strict';

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly name: string;
  readonly type: string;
  readonly unit: string | undefined;
  readonly help: string;
  readonly samples: readonly Sample[];
}

const SUFFIX: Readonly<Record<string, string>> = {
  gauge: '',
  counter: '_total',
  info: '_info',
  stateset: '',
};

interface OpenFamily {
  name: string;
  metadata: Map<string, string>;
  samples: Sample[];
}

export function parseOpenMetrics(text: string): ReadonlyMap<string, Family> {
  assert.ok(text.endsWith('\n# EOF\n'), 'it ends with # EOF and a line feed');
  const families = new Map<string, Family>();
  let open: OpenFamily | undefined;
  const close = (): void => {
    if (open === undefined) return;
    assert.ok(!families.has(open.name), `${open.name} comes once, in one piece`);
    families.set(open.name, checked(open));
  };
  for (const line of text.slice(0, -'# EOF\n'.length).slice(0, -1).split('\n')) {
    if (line.startsWith('#')) {
      const [, kind = '', name = '', rest = ''] =
        /^# (TYPE|UNIT|HELP) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)$/.exec(line) ?? assert.fail(line);
      if (open?.name !== name) {
        close();
        open = { name, metadata: new Map(), samples: [] };
      }
      assert.equal(open.samples.length, 0, `metadata comes before the samples: ${line}`);
      assert.ok(!open.metadata.has(kind), `once: ${line}`);
      open.metadata.set(kind, rest);
    } else {
      assert.ok(open !== undefined, `a sample before any family: ${line}`);
      open.samples.push(parseSample(line));
    }
  }
  close();
  return families;
}

function parseSample(line: string): Sample {
  const [, name = '', braces, value = ''] =
    /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{.*\})? (\S+)$/s.exec(line) ?? assert.fail(`no sample: ${line}`);
  assert.match(value, /^-?(0|[1-9]\d*)(\.\d+)?(e[+-]\d+)?$/, line);
  return { name, labels: braces === undefined ? {} : parseLabels(braces, line), value: Number(value) };
}

function parseLabels(braces: string, line: string): Record<string, string> {
  const labels: Record<string, string> = {};
  let rest = braces.slice(1, -1);
  assert.notEqual(rest, '', `empty braces: ${line}`);
  while (rest !== '') {
    const [whole, name = '', value = ''] =
      /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,(?!$)|$)/.exec(rest) ??
      assert.fail(`labels: ${rest} in ${line}`);
    assert.ok(!Object.hasOwn(labels, name), `each label once: ${line}`);
    labels[name] = value.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char));
    rest = rest.slice(whole.length);
  }
  return labels;
}

function checked({ name, metadata, samples }: OpenFamily): Family {
  const type = metadata.get('TYPE') ?? assert.fail(`${name} has a type`);
  const unit = metadata.get('UNIT');
  const help = metadata.get('HELP') ?? assert.fail(`${name} has a help text`);
  assert.match(help, /^(?:[^"\\\n]|\\["\\n])*$/, 'the help text is escaped');
  if (unit !== undefined) assert.ok(name.endsWith(`_${unit}`), `${name} ends in its unit`);
  assert.ok(type in SUFFIX, `${name}: ${type}`);
  const seen = new Set<string>();
  for (const { name: sampleName, labels, value } of samples) {
    assert.equal(sampleName, `${name}${SUFFIX[type]}`);
    const identity = JSON.stringify(Object.entries(labels).sort());
    assert.ok(!seen.has(identity), `twice: ${sampleName}${identity}`);
    seen.add(identity);
    assert.ok(Number.isFinite(value));
    if (type === 'counter') assert.ok(value >= 0, `${sampleName} is not negative`);
    if (type === 'info') assert.equal(value, 1);
    if (type === 'stateset')
      assert.ok(Object.hasOwn(labels, name) && (value === 0 || value === 1), sampleName);
  }
  return { name, type, unit, help, samples };
}
