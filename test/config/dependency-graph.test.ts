import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type DependencyGraph,
  findCycles,
  heaviestPath,
  startOrder,
  stopOrder,
} from '../../src/config/checks/dependency-graph.ts';

const graph = (text: string): DependencyGraph =>
  new Map(
    text.split(' ').map((part) => {
      const [name = '', needs = ''] = part.split(':');
      return [name, needs === '' ? [] : needs.split(',')];
    }),
  );

test('each name comes after all it needs, else in the order of the file', () => {
  assert.deepEqual(startOrder(graph('a b c')), ['a', 'b', 'c']);
  assert.deepEqual(startOrder(graph('web:api,db api:db db log')), ['db', 'log', 'api', 'web']);
  assert.deepEqual(stopOrder(graph('web:api,db api:db db')), ['web', 'api', 'db']);
});

test('a need that is named twice or not there holds nothing up', () => {
  assert.deepEqual(startOrder(graph('a:b,b,nobody b')), ['b', 'a']);
});

test('names in a cycle and those that need them are left out of the order', () => {
  assert.deepEqual(startOrder(graph('a:b b:a c:a d')), ['d']);
});

test('cycles are named by the path around them', () => {
  assert.deepEqual(findCycles(graph('a:a')), [['a', 'a']]);
  assert.deepEqual(findCycles(graph('x:a a:b b:c c:a y')), [['a', 'b', 'c', 'a']]);
  assert.deepEqual(findCycles(graph('a:b b:a c:d d:c')), [
    ['a', 'b', 'a'],
    ['c', 'd', 'c'],
  ]);
  assert.deepEqual(findCycles(graph('a:b,c b:d c:d d')), []);
});

test('two cycles through one name are both found', () => {
  assert.deepEqual(findCycles(graph('a:d,b b:a d:e e:d')), [
    ['d', 'e', 'd'],
    ['a', 'b', 'a'],
  ]);
});

test('the number of cycles told is bounded, and long chains and dense graphs are no trouble', () => {
  const names = Array.from({ length: 300 }, (_, index) => `n${index}`);
  assert.equal(findCycles(new Map(names.map((name) => [name, names]))).length, 20);
  const chainTo = (last: readonly string[]): DependencyGraph => {
    const chain = new Map<string, readonly string[]>();
    for (let index = 0; index < 50_000; index++) chain.set(`n${index}`, [`n${index + 1}`]);
    return chain.set('n50000', last);
  };
  assert.equal(startOrder(chainTo([])).length, 50_001);
  assert.equal(findCycles(chainTo(['n0']))[0]?.length, 50_002);
});

test('the heaviest path goes from who is needed by nobody to who needs nobody', () => {
  const weights: Readonly<Record<string, number>> = { a: 1, b: 5, c: 2, d: 1, e: 0 };
  const weigh = (name: string): number => weights[name] ?? 0;
  assert.deepEqual(heaviestPath(graph('a:b,c b c:d d:b e:a'), weigh), {
    path: ['a', 'c', 'd', 'b'],
    total: 9,
  });
  assert.deepEqual(heaviestPath(new Map(), weigh), { path: [], total: 0 });
});
