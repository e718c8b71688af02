/** The state diagrams in Mermaid's notation, drawn from the tables, so that they cannot disagree with them. */

import { ENGINE, ENGINE_FACTS, ENGINE_PHASES, MOVES } from './engine.ts';
import { FACT_KINDS } from './events.ts';
import { DESIRED_STATES, MONITOR_STATES, type MonitorState } from './states.ts';
import { type FactMove, type Reconciliation, TABLES } from './transitions.ts';

/** Where each move leads; undefined: the instance stays in its state. */
const FACT_TARGETS: Readonly<Record<FactMove, MonitorState | readonly MonitorState[] | undefined>> = {
  'enter waiting': 'waiting',
  'enter blocked': 'blocked',
  'enter starting': 'starting',
  'begin life': ['healthcheck', 'running'],
  'enter healthy': 'healthy',
  'enter unhealthy': 'unhealthy',
  conclude: 'ended',
  escalate: undefined,
  'time out': 'stopping',
  'give up spawn': undefined,
  'forget restarts': undefined,
  forgive: undefined,
  'renew start': undefined,
  'renew health': undefined,
  'judge again': 'ended',
  never: undefined,
};

const WISH_TARGETS: Readonly<Record<Reconciliation, MonitorState | undefined>> = {
  stay: undefined,
  'settle up': undefined,
  begin: 'waiting',
  halt: 'stopping',
  kill: 'stopping',
  abort: undefined,
  remedy: 'stopping',
  judge: 'backoff',
  'enter stopped': 'stopped',
  'enter completed': 'completed',
  'enter failed': 'failed',
  never: undefined,
};

/** Labels by edge, in the order in which they were found. */
class Edges {
  readonly #labels = new Map<string, string[]>();

  add(from: string, to: string | undefined, label: string): void {
    if (to === undefined || to === from) return;
    const edge = `${from} --> ${to}`;
    this.#labels.set(edge, [...(this.#labels.get(edge) ?? []), label]);
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
      for (const to of [FACT_TARGETS[TABLES.facts[state][fact]]].flat()) edges.add(state, to, fact);
    }
    for (const wish of DESIRED_STATES)
      edges.add(state, WISH_TARGETS[TABLES.reconcile[state][wish]], `[${wish}]`);
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
