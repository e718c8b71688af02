/** The diagram of an instance against what instances do: it has every passage, and nothing else. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stateDiagram } from '../../src/lifecycle/diagram.ts';
import { TABLES } from '../../src/lifecycle/transitions.ts';
import { explore, RULE_SETS } from './explore.ts';

interface Edge {
  readonly from: string;
  readonly to: string;
  /** The fact, or the wish in its brackets; without what else the move looks at. */
  readonly cause: string;
}

/** No step of the machine goes through more states than these. */
const MOST_EDGES = 3;

const EDGES: readonly Edge[] = stateDiagram()
  .split('\n')
  .flatMap((line) => {
    const [, from = '', to = '', labels = ''] = /^ {2}(\w+) --> (\w+): (.*)$/.exec(line) ?? [];
    return labels === ''
      ? []
      : labels.split(', ').map((label) => ({ from, to, cause: label.replace(/ \(.*/, '') }));
  });

const isWish = ({ cause }: Edge): boolean => cause.startsWith('[');

/** The shortest way by the diagram: the first edge is the fact's, if there is one; all others are of what is wanted. */
function wayFrom(from: string, to: string, fact: string | undefined): readonly Edge[] | undefined {
  let ways = EDGES.filter(
    (edge) => edge.from === from && (fact === undefined ? isWish(edge) : edge.cause === fact),
  ).map((edge) => [edge]);
  for (let length = 1; length <= MOST_EDGES; length++) {
    const found = ways.find((way) => way.at(-1)?.to === to);
    if (found !== undefined) return found;
    ways = ways.flatMap((way) =>
      EDGES.filter((edge) => edge.from === way.at(-1)?.to && isWish(edge)).map((edge) => [...way, edge]),
    );
  }
  return undefined;
}

test('every passage between two states is in the diagram, and every arrow of the diagram is a passage', () => {
  const taken = new Set<string>();
  for (const rules of RULE_SETS) {
    explore(rules, TABLES, ({ before, event, after }) => {
      const [from, to] = [before.instance.monitor, after.instance.monitor];
      if (from === to) return;
      const fact = event.type === 'fact' ? event.fact.kind : undefined;
      const key = `${from} ${to} ${fact ?? 'command'}`;
      if (taken.has(key)) return;
      taken.add(key);
      const way = wayFrom(from, to, fact);
      assert.ok(way, `${from} to ${to} by ${fact ?? 'a command'} is not in the diagram`);
      for (const edge of way) taken.add(`${edge.from} --> ${edge.to}`);
    });
  }
  const arrows = new Set(EDGES.map(({ from, to }) => `${from} --> ${to}`));
  assert.deepEqual(
    [...arrows].filter((arrow) => !taken.has(arrow)),
    [],
  );
});
