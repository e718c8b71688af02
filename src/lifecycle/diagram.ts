/** The state diagram in Mermaid's notation, drawn from the tables, so that it cannot disagree with them. */

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

/** Solid words are facts; words in brackets are what is wanted when the two dimensions are reconciled. */
export function stateDiagram(): string {
  const edges = new Map<string, string[]>();
  const add = (from: MonitorState, to: MonitorState | undefined, label: string): void => {
    if (to === undefined || to === from) return;
    const key = `${from} --> ${to}`;
    edges.set(key, [...(edges.get(key) ?? []), label]);
  };
  for (const state of MONITOR_STATES) {
    for (const fact of FACT_KINDS) {
      for (const to of [FACT_TARGETS[TABLES.facts[state][fact]]].flat()) add(state, to, fact);
    }
    for (const wish of DESIRED_STATES) add(state, WISH_TARGETS[TABLES.reconcile[state][wish]], `[${wish}]`);
  }
  const lines = [...edges].map(([edge, labels]) => `  ${edge}: ${labels.join(', ')}`);
  return ['stateDiagram-v2', '  [*] --> idle', ...lines].join('\n');
}
