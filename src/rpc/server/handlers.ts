/** Each method of the contract in terms of the engine port. Parameters are valid and access is given by now. */

import { TaskmasterError } from '../../errors.ts';
import type { Action } from '../../lifecycle/states.ts';
import { nearestWord } from '../../nearest-word.ts';
import { parseSignal, SIGNAL_WORDS, type SignalName, signalName } from '../../signals.ts';
import type { Clock } from '../../supervisor/ports/clock.ts';
import type { InputClaim } from '../../supervisor/ports/input.ts';
import type { JournalQuery } from '../../supervisor/ports/journal.ts';
import type { EnginePort, ReloadKind } from '../access/engine-port.ts';
import type { Result, WireOutcome } from '../contract/contract.ts';
import { CLI_HANDLERS } from './cli-handlers.ts';
import type { CallContext, Handlers } from './handler-types.ts';
import { needlesOf, wantedEntries, withoutGroups } from './journal-filter.ts';
import { CHUNKS_A_PIECE, newestOf } from './newest-output.ts';
import { outcomeOf } from './outcome.ts';
import { type Subscriptions, wireBytes } from './subscriptions.ts';
import { unknownAmong } from './unknown-names.ts';

const MAX_PAGE = 1_000;
/** Explained in one piece. */
const WHYS_A_PIECE = 2;
/** Of one reply; anyone who wants more asks for fewer instances at a time. */
const MOST_WHY_CHARACTERS = 4 * 2 ** 20;

export const HANDLERS: Handlers = {
  status: ({ names, usage }, { engine }) => {
    const selected = names === undefined ? undefined : engine.select(names);
    if (usage !== true) return { result: engine.snapshot(selected) };
    return engine.readUsage().then((reading) => ({ result: engine.snapshot(selected, reading) }));
  },

  'status.subscribe': async (params, { engine, subscriptions }) => {
    const usage = params.usage === true ? await engine.readUsage() : undefined;
    const subscription = subscriptions.reserve('status');
    const status = engine.snapshot(undefined, usage);
    const begin = subscriptions.prepareStatus(subscription, params, { status, usage });
    return { result: { subscription, status }, begin };
  },

  'status.unsubscribe': ({ subscription }, context) => cancel('status', subscription, context),

  start: (params, context) => act('start', params, context),
  stop: (params, context) => act('stop', params, context),
  restart: (params, context) => act('restart', params, context),
  run: (params, context) => act('run', params, context),

  signal: ({ names, signal, to = 'group' }, { engine, by }) => {
    const name = readSignal(signal);
    const instances = engine.select(names);
    engine.signal(instances, name, to, by);
    return { result: { instances, signal: name } };
  },

  reload: (params, context) => reconfigure(params.plan === true ? 'plan' : 'reload', params, context),
  rollback: (params, context) =>
    reconfigure(params.plan === true ? 'rollback plan' : 'rollback', params, context),

  'reload.processes': async ({ names, wait, timeout_ms: timeoutMs }, { clock, engine, by, signal }) => {
    const instances = engine.select(names);
    const asked = new Set(names);
    const required = engine
      .names()
      .filter(({ instance, process }) => asked.has(instance) || asked.has(process))
      .map(({ instance }) => instance);
    if (wait !== true)
      return { result: { instances: await engine.reloadPrograms(instances, { required, by }) } };
    const work = (limited: AbortSignal) => engine.reloadPrograms(instances, { required, by, wait: limited });
    const reloaded = await inTime(work, timeoutMs, signal, clock);
    if (reloaded === undefined)
      throw new TaskmasterError('timed-out', 'reload: timed out waiting for the commands');
    return { result: { instances: reloaded } };
  },

  attach: (params, { engine, subscriptions, by, demand }) => {
    if (params.stdin === true) demand('control');
    const name = selectOne(engine, params.name, 'attach to');
    const [instance] = engine.snapshot([name]).instances;
    if (instance === undefined) throw new TaskmasterError('internal', `no snapshot of ${name}`);
    const subscription = subscriptions.reserve('attach', name);
    try {
      if (params.stdin === true) subscriptions.claimInput(subscription, name, by, params.steal === true);
    } catch (error) {
      subscriptions.abandon(subscription);
      throw error;
    }
    const begin = (): void => subscriptions.followOutput(subscription, name, params);
    return { result: { subscription, instance, input: engine.inputOf(name) }, begin };
  },

  'attach.write': async ({ subscription, text, base64, end }, { subscriptions }) => {
    const bytes = base64 === undefined ? Buffer.from(text ?? '', 'utf8') : Buffer.from(base64, 'base64');
    await inputOf(subscriptions, subscription).write(bytes, end === true);
    return { result: {} };
  },

  send: async ({ name, text, base64 }, { engine, by }) => {
    const instance = selectOne(engine, name, 'send to');
    const bytes = base64 === undefined ? Buffer.from(text ?? '', 'utf8') : Buffer.from(base64, 'base64');
    const claim = engine.claimInput(instance, by, { steal: false, onLost: () => {} });
    try {
      await claim.write(bytes, false);
    } finally {
      claim.release();
    }
    return { result: { instance, bytes: bytes.length } };
  },

  'attach.resize': ({ subscription, columns, rows }, { subscriptions }) => {
    inputOf(subscriptions, subscription).resize({ columns, rows });
    return { result: {} };
  },

  detach: ({ subscription }, context) => cancel('attach', subscription, context),

  *'events.subscribe'(params, { engine, subscriptions }) {
    const unknown = yield* unknownAmong(engine, params.names);
    if (unknown !== undefined) throw unknown;
    const replay = yield* subscriptions.replayOf(params);
    const subscription = subscriptions.reserve('events');
    const begin = (): void => subscriptions.followEvents(subscription, replay);
    return { result: { subscription }, begin };
  },

  'events.unsubscribe': ({ subscription }, context) => cancel('events', subscription, context),

  *'logs.query'(params, { engine, signal }) {
    const { journal } = engine;
    const isWanted = wantedEntries(withoutGroups(params, engine));
    // Files may know what memory has forgotten.
    const unknown = yield* unknownAmong(engine, params.names);
    if (unknown !== undefined && !journal.hasFiles) throw unknown;
    const { tail: fromTheEnd = false } = params;
    const query: JournalQuery = {
      afterId: params.after_id ?? -1,
      beforeId: params.before_id ?? Number.POSITIVE_INFINITY,
      sinceMs: params.since_ms ?? 0,
      untilMs: params.until_ms ?? Number.POSITIVE_INFINITY,
      isWanted,
      needles: needlesOf(params),
      limit: params.limit ?? MAX_PAGE,
      fromTheEnd,
    };
    return journal.search(query, signal).then(({ entries, next }) => {
      if (entries.length === 0 && next === null && unknown !== undefined) throw unknown;
      return {
        result: {
          events: entries,
          next_after_id: fromTheEnd ? null : next,
          next_before_id: fromTheEnd ? next : null,
          last_id: journal.lastId,
          keeps_output: journal.keepsOutput,
        },
      };
    });
  },

  *'logs.output'({ name, streams = ['stdout', 'stderr'] }, { engine }) {
    const instance = selectOne(engine, name, 'show the output of');
    const position = engine.outputPosition(instance).bytes;
    const recent = engine.recentOutput(instance).filter(({ stream }) => streams.includes(stream));
    const chunks: Result<'logs.output'>['chunks'][number][] = [];
    for (const [at, { stream, incarnation, time, bytes, position: before }] of newestOf(recent).entries()) {
      if (at % CHUNKS_A_PIECE === CHUNKS_A_PIECE - 1) yield;
      const when = time === undefined ? {} : { time };
      chunks.push({ stream, incarnation, position: before, ...when, ...wireBytes(bytes) });
    }
    return { result: { instance, chunks, position } };
  },

  'logs.position': ({ names }, { engine }) => {
    const { journal } = engine;
    const { instances } = engine.snapshot(names === undefined ? undefined : engine.select(names));
    const positions = instances.map(({ name, process }) => ({
      instance: name,
      process,
      journalled: engine.outputPosition(name).journalled,
    }));
    return {
      result: { last_id: journal.lastId, keeps_output: journal.keepsOutput, instances: positions },
    };
  },

  *why({ names }, { engine }) {
    const reports: Result<'why'>['reports'][number][] = [];
    let characters = 0;
    for (const [at, name] of engine.select(names).entries()) {
      // A reload may have removed it while others were explained.
      if (at > 0 && at % WHYS_A_PIECE === 0) yield;
      if (at > 0 && !engine.names().some(({ instance }) => instance === name)) continue;
      const report = engine.why(name);
      characters += report.last_output.reduce((sum, line) => sum + line.length, REPORT_CHARACTERS);
      if (characters > MOST_WHY_CHARACTERS) {
        const message = `why: ${at} instances and what they printed last fill a reply; name fewer`;
        throw new TaskmasterError('bad-arguments', message);
      }
      reports.push(report);
    }
    return { result: { reports } };
  },

  health: ({ question = 'ready' }, { engine }) => ({ result: engine.health(question) }),

  env: ({ name }, { engine }) => {
    const instance = selectOne(engine, name, 'show the environment of');
    return { result: { instance, environment: engine.environment(instance) } };
  },

  config: ({ process }, { engine }) => ({ result: { config: engine.config(process) } }),

  shutdown: (_params, { engine, by }) => {
    engine.shutdown(by);
    return { result: {} };
  },

  version: (_params, { engine }) => {
    const { version, pid } = engine.snapshot([]);
    return { result: { version, pid } };
  },

  ...CLI_HANDLERS,

  'rpc.discover': async () => {
    const { describeContract } = await import('../contract/discover.ts');
    return { result: describeContract() };
  },
};

/** About what the rest of an explanation takes. */
const REPORT_CHARACTERS = 2_000;

interface WaitParams {
  readonly wait?: boolean;
  readonly timeout_ms?: number;
}

async function act(
  action: Action,
  params: WaitParams & { readonly names: readonly string[]; readonly max_unavailable?: number },
  context: CallContext,
): Promise<{ result: { instances: WireOutcome[] } }> {
  const { engine, by } = context;
  const selected = engine.select(params.names);
  const all = engine.snapshot(selected).instances;
  const atOnce = params.max_unavailable;
  if (atOnce === undefined) await engine.request(action, selected, by);
  const names = atOnce === undefined ? selected : engine.roll(selected, atOnce, by);
  const before = all.filter(({ name }) => names.includes(name));
  const outcomes = (): WireOutcome[] => {
    const after = new Map(engine.snapshot(names).instances.map((instance) => [instance.name, instance]));
    return before.map((instance) => outcomeOf(action, instance, after.get(instance.name)));
  };
  if (params.wait === true && !(await settlesInTime(action, names, params.timeout_ms, context))) {
    throw timedOut(action, outcomes());
  }
  return { result: { instances: outcomes() } };
}

async function reconfigure(
  kind: ReloadKind,
  params: WaitParams,
  context: CallContext,
): Promise<{ result: Result<'reload'> }> {
  const { engine, by } = context;
  const report = await engine.reload({ kind, by });
  const begun = report.plan.filter(({ action }) => action === 'add' || action === 'restart');
  const isApplied = report.applied && begun.length > 0;
  const processes = begun.map(({ process }) => process);
  const notUp = isApplied ? await notComingUp(processes, params, context) : [];
  return { result: { ...report, not_up: notUp } };
}

/** Which of the processes that a reload began are not coming up, of those that are wanted up at all. */
async function notComingUp(
  processes: readonly string[],
  params: WaitParams,
  context: CallContext,
): Promise<WireOutcome[]> {
  const { engine } = context;
  const all = engine.names().filter(({ process }) => processes.includes(process));
  const begun = engine
    .snapshot(all.map(({ instance }) => instance))
    .instances.filter(({ desired, state }) => desired !== 'down' || state === 'failed');
  const names = begun.map(({ name }) => name);
  if (params.wait === true) await settlesInTime('start', names, params.timeout_ms, context);
  const outcomes = engine.snapshot(names).instances.map((instance) => outcomeOf('start', instance, instance));
  return outcomes.filter(({ state, reached }) => (params.wait === true ? !reached : state === 'failed'));
}

/** @returns false where the time ran out first. Rejects when the client is gone. */
async function settlesInTime(
  action: Action,
  names: readonly string[],
  timeoutMs: number | undefined,
  { clock, engine, signal }: CallContext,
): Promise<boolean> {
  const settle = async (limited: AbortSignal): Promise<true> => {
    await engine.settled(action, names, limited);
    return true;
  };
  return (await inTime(settle, timeoutMs, signal, clock)) === true;
}

/** @returns undefined if the time ran out first. Rejects when the client is gone. */
async function inTime<T>(
  work: (limited: AbortSignal) => Promise<T>,
  timeoutMs: number | undefined,
  signal: AbortSignal,
  clock: Pick<Clock, 'after'>,
): Promise<T | undefined> {
  const limit = new AbortController();
  const cancel = timeoutMs === undefined ? undefined : clock.after(timeoutMs, () => limit.abort());
  try {
    return await work(AbortSignal.any([signal, limit.signal]));
  } catch (error) {
    if (limit.signal.aborted && !signal.aborted) return undefined;
    throw error;
  } finally {
    cancel?.();
  }
}

function timedOut(action: Action, outcomes: readonly WireOutcome[]): TaskmasterError {
  const late = outcomes.filter(({ reached }) => !reached);
  const said = late.map(({ name, state }) => `${name} is ${state}`).join(', ');
  return new TaskmasterError('timed-out', `${action}: the time is up: ${said || 'all arrived just now'}`, {
    details: { instances: outcomes },
  });
}

function readSignal(word: string): SignalName {
  const number = parseSignal(word);
  if (number !== undefined) return signalName(number);
  const suggestion = nearestWord(word.toUpperCase().replace(/^SIG/, ''), SIGNAL_WORDS);
  const hint = suggestion === undefined ? 'see signal(7)' : `did you mean ${suggestion}?`;
  throw new TaskmasterError('bad-arguments', `there is no signal ${JSON.stringify(word)}; ${hint}`, {
    details: suggestion === undefined ? {} : { suggestion },
  });
}

function selectOne(engine: EnginePort, name: string, toDo: string): string {
  const [first, ...others] = engine.select([name]);
  if (first === undefined) throw new TaskmasterError('unknown-process', `there is no process "${name}"`);
  if (others.length === 0) return first;
  const all = [first, ...others];
  const shown = all.length > 8 ? [...all.slice(0, 8), '…'] : all;
  throw new TaskmasterError(
    'bad-arguments',
    `cannot ${toDo} ${name}: it means ${all.length} instances; name one of ${shown.join(', ')}`,
    { details: { instances: all } },
  );
}

function cancel(
  kind: 'status' | 'events' | 'attach',
  subscription: number,
  { subscriptions }: CallContext,
): { result: Record<string, never> } {
  if (!subscriptions.cancel(kind, subscription)) throw noSubscription(kind, subscription);
  return { result: {} };
}

function inputOf(subscriptions: Subscriptions, subscription: number): InputClaim {
  const claim = subscriptions.inputClaim(subscription);
  if (claim !== undefined) return claim;
  const message = `this connection has no attach subscription ${subscription} with stdin`;
  throw new TaskmasterError('bad-arguments', message);
}

function noSubscription(kind: string, subscription: number): TaskmasterError {
  return new TaskmasterError('bad-arguments', `this connection has no ${kind} subscription ${subscription}`);
}
