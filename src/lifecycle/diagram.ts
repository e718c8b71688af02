/** The tables for people: state diagrams in Mermaid's notation, and RELOAD. Made from them, so that they cannot disagree. */

import { ENGINE, ENGINE_FACTS, ENGINE_PHASES, MOVES } from './engine.ts';
import { FACT_KINDS, type FactKind } from './events.ts';
import type { Reconciliation } from './reconcile.ts';
import { type ChangeKind, type Finding, RELOAD } from './reload.ts';
import { DESIRED_STATES, MONITOR_STATES, type MonitorState } from './states.ts';
import { type FactMove, TABLES } from './transitions.ts';

interface Target {
  readonly to: MonitorState;
  /** What a move looks at beside the cell, in a few words. */
  readonly when?: string;
}

const RETRIES: readonly Target[] = [{ to: 'waiting' }, { to: 'listening', when: 'activated' }];
const BEGINNINGS: readonly Target[] = [...RETRIES, { to: 'scheduled', when: 'schedule' }];

/** Where each move leads; nowhere: the instance stays in its state. */
const FACT_TARGETS: Readonly<Record<FactMove, readonly Target[]>> = {
  'enter waiting': [{ to: 'waiting' }],
  'begin again': RETRIES,
  'begin run': [{ to: 'waiting' }],
  overlap: [{ to: 'stopping', when: 'overlap = kill' }],
  'skip run': [],
  'enter blocked': [{ to: 'blocked' }],
  'begin incarnation': [{ to: 'preparing', when: 'pre_start' }, { to: 'starting' }],
  'next pre_start': [{ to: 'starting' }],
  'next post_start': [{ to: 'healthy' }],
  'next post_exit': [{ to: 'ended' }],
  'fail poststart': [{ to: 'stopping' }],
  'lose step': [{ to: 'cleaning', when: 'post_exit' }, { to: 'ended' }],
  reload: [],
  'end reload': [],
  'begin life': [
    { to: 'healthcheck', when: 'service' },
    { to: 'running', when: 'one-shot' },
  ],
  'enter healthy': [{ to: 'poststart', when: 'post_start' }, { to: 'healthy' }],
  'enter unhealthy': [{ to: 'unhealthy' }],
  conclude: [{ to: 'cleaning', when: 'post_exit' }, { to: 'ended' }],
  'lose leader': [
    { to: 'cleaning', when: 'leaving nothing, post_exit' },
    { to: 'ended', when: 'leaving nothing' },
    { to: 'stopping', when: 'leaving processes' },
  ],
  'take leader': [],
  'await end': [{ to: 'stopping' }],
  abort: [{ to: 'stopping', when: 'on_watchdog = restart' }],
  escalate: [],
  'stop idle': [{ to: 'stopping' }],
  'time out': [{ to: 'stopping' }],
  'give up spawn': [],
  'forget restarts': [],
  forgive: [],
  'renew listening': [{ to: 'waiting', when: 'not activated' }],
  'renew schedule': [{ to: 'waiting', when: 'no schedule' }],
  'renew rest': [
    { to: 'listening', when: 'activated' },
    { to: 'scheduled', when: 'schedule' },
  ],
  'renew start': [],
  'renew health': [],
  'judge again': [{ to: 'ended' }],
  never: [],
};

/** Its step is always there, and its end awaited. */
const EXCEPTIONS: { readonly [State in MonitorState]?: { readonly [Kind in FactKind]?: readonly Target[] } } =
  {
    poststart: { exited: [{ to: 'stopping' }] },
    // What is queued follows; nothing runs that could be ended.
    preparing: { due: [] },
    starting: { due: [] },
    stopping: { due: [] },
    cleaning: { due: [] },
  };

/** `judge` may also change what is wanted, to `resting` or `givenUp`, which have edges of their own. */
const WISH_TARGETS: Readonly<Record<Reconciliation, readonly Target[]>> = {
  stay: [],
  'settle up': [],
  begin: BEGINNINGS,
  'begin now': [{ to: 'waiting' }],
  'settle last': [],
  'begin last': [{ to: 'waiting' }],
  'settle down': [],
  halt: [{ to: 'stopping' }],
  kill: [{ to: 'stopping' }],
  abort: [],
  'end step': [],
  'kill step': [],
  remedy: [{ to: 'stopping', when: 'on_unhealthy = restart' }],
  judge: [
    { to: 'backoff', when: 'retry' },
    { to: 'waiting', when: 'retry at once' },
    { to: 'listening', when: 'activated' },
    { to: 'waiting', when: 'run queued' },
    { to: 'scheduled', when: 'schedule' },
  ],
  'enter stopped': [{ to: 'stopped' }],
  'enter completed': [{ to: 'completed' }],
  'enter failed': [{ to: 'failed' }],
  never: [],
};

/** Labels by edge, in the order in which they were found. */
class Edges {
  readonly #labels = new Map<string, string[]>();

  add(from: string, to: string | undefined, label: string): void {
    if (to === undefined || to === from) return;
    const edge = `${from} --> ${to}`;
    this.#labels.set(edge, [...(this.#labels.get(edge) ?? []), label]);
  }

  addTarget(from: MonitorState, { to, when }: Target, label: string): void {
    this.add(from, to, when === undefined ? label : `${label} (${when})`);
  }

  /** @param first the state that everything begins in. */
  diagram(first: string): string {
    const lines = [...this.#labels].map(([edge, labels]) => `  ${edge}: ${labels.join(', ')}`);
    return ['stateDiagram-v2', `  [*] --> ${first}`, ...lines].join('\n');
  }
}

/** Solid words are facts; words in brackets are what is wanted when the two dimensions are reconciled. */
export function stateDiagram(): string {
  const edges = new Edges();
  for (const state of MONITOR_STATES) {
    for (const fact of FACT_KINDS) {
      const targets = EXCEPTIONS[state]?.[fact] ?? FACT_TARGETS[TABLES.facts[state][fact]];
      for (const target of targets) edges.addTarget(state, target, fact);
    }
    for (const wish of DESIRED_STATES) {
      for (const target of WISH_TARGETS[TABLES.reconcile[state][wish]])
        edges.addTarget(state, target, `[${wish}]`);
    }
  }
  return edges.diagram('idle');
}

export function engineDiagram(): string {
  const edges = new Edges();
  for (const phase of ENGINE_PHASES) {
    for (const fact of ENGINE_FACTS) {
      const move = ENGINE[phase][fact];
      if (move !== 'never') edges.add(phase, MOVES[move].to, fact);
    }
  }
  return edges.diagram('running');
}

/** A row for what a reload finds, a column for what has changed. */
export function reloadTable(): string {
  const kinds = Object.keys(RELOAD) as ChangeKind[];
  const findings = Object.keys(RELOAD.restart) as Finding[];
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const lines = findings.map((finding) => row([finding, ...kinds.map((kind) => RELOAD[kind][finding])]));
  return [row(['found', ...kinds]), `|${'---|'.repeat(kinds.length + 1)}`, ...lines].join('\n');
}
