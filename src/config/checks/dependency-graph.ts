/** Who needs whom, as a graph of names: pure, and used for more than processes. */

/** By name, the names it needs first. */
export type DependencyGraph = ReadonlyMap<string, readonly string[]>;

/**
 * @returns every name after all it needs, otherwise in the graph's own order. Names in a cycle, and those that need
 *   one of them, are left out; so are names that are not in the graph.
 */
export function startOrder(graph: DependencyGraph): readonly string[] {
  const missing = new Map<string, number>();
  const dependents = new Map<string, string[]>();
  for (const [name, needs] of graph) {
    const known = new Set(needs.filter((need) => graph.has(need)));
    missing.set(name, known.size);
    for (const need of known) {
      const list = dependents.get(need) ?? [];
      list.push(name);
      dependents.set(need, list);
    }
  }
  const order = [...graph.keys()].filter((name) => missing.get(name) === 0);
  for (let index = 0; index < order.length; index++) {
    for (const dependent of dependents.get(order[index] ?? '') ?? []) {
      const left = (missing.get(dependent) ?? 0) - 1;
      missing.set(dependent, left);
      if (left === 0) order.push(dependent);
    }
  }
  return order;
}

/** @returns every name before all it needs: the order to stop in. */
export function stopOrder(graph: DependencyGraph): readonly string[] {
  return [...startOrder(graph)].reverse();
}

/** A graph of many cycles needs no list of them all. */
const MAX_CYCLES = 20;

/**
 * @returns cycles, each as the path around it, `['a', 'b', 'a']`: at least one for each group of names that need each
 *   other (up to 20), and none twice.
 */
export function findCycles(graph: DependencyGraph): readonly (readonly string[])[] {
  const finished = new Set(startOrder(graph));
  const cycles: string[][] = [];
  // Depth first with a stack of our own: chains may be longer than the call stack is deep.
  const path: { readonly name: string; nextNeed: number }[] = [];
  const positionInPath = new Map<string, number>();
  const enter = (name: string): void => {
    positionInPath.set(name, path.length);
    path.push({ name, nextNeed: 0 });
  };
  for (const start of graph.keys()) {
    if (!finished.has(start)) enter(start);
    for (let step = path.at(-1); step !== undefined && cycles.length < MAX_CYCLES; step = path.at(-1)) {
      const need = graph.get(step.name)?.[step.nextNeed++];
      if (need === undefined) {
        path.pop();
        positionInPath.delete(step.name);
        finished.add(step.name);
        continue;
      }
      const begin = positionInPath.get(need);
      if (begin !== undefined) cycles.push([...path.slice(begin).map(({ name }) => name), need]);
      else if (graph.has(need) && !finished.has(need)) enter(need);
    }
  }
  return cycles;
}

/**
 * The heaviest path through the graph, from a name that nobody needs to one that needs nobody.
 * @param weight of a name, not negative
 * @returns its names in that order and their sum; the graph must have no cycle.
 */
export function heaviestPath(
  graph: DependencyGraph,
  weight: (name: string) => number,
): { readonly path: readonly string[]; readonly total: number } {
  const best = new Map<string, { readonly total: number; readonly next: string | undefined }>();
  let head: string | undefined;
  for (const name of startOrder(graph)) {
    let next: string | undefined;
    for (const need of graph.get(name) ?? []) {
      const known = best.get(need);
      if (known !== undefined && (next === undefined || known.total > (best.get(next)?.total ?? 0)))
        next = need;
    }
    const total = weight(name) + (next === undefined ? 0 : (best.get(next)?.total ?? 0));
    best.set(name, { total, next });
    if (head === undefined || total > (best.get(head)?.total ?? 0)) head = name;
  }
  const path: string[] = [];
  for (let name = head; name !== undefined; name = best.get(name)?.next) path.push(name);
  return { path, total: head === undefined ? 0 : (best.get(head)?.total ?? 0) };
}
