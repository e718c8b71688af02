/** `taskmaster engine start [--replace] [--profile NAME]… [CONFIG]`: the engine in the foreground, until a signal, a client or policy ends it. */

import { resolve } from 'node:path';
import { loadConfig } from '../config/load.ts';
import type { ResolvedConfig } from '../config/resolved-config.ts';
import { type Problem, renderProblem, renderProblems } from '../config/text/problem.ts';
import { TaskmasterError } from '../errors.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { inSlices } from '../slices.ts';
import type { ExitVerdict } from '../supervisor/world/exit-verdict.ts';
import { leftInWords } from '../supervisor/world/reasons.ts';
import { type EngineRequest, watchDaemonSignals } from '../system/daemon-signals.ts';
import { native } from '../system/native.ts';
import { DEFAULT_TERMINATION_LOG, writeTerminationMessage } from '../system/termination-log.ts';
import { startThreadPool } from '../system/thread-pool.ts';
import { ownPrivileges, systemUsers } from '../system/user-database.ts';
import { composeEngine, type Engine, type EngineOptions } from './compose-engine.ts';
import { engineWords } from './engine-words.ts';
import { VERSION } from './version.ts';

const DEFAULT_CONFIG = '/etc/taskmaster.toml';
const EXIT_BAD_ARGUMENTS = 2;
const EXIT_ALREADY_RUNNING = 1;
/** All is over this long before the end of the grace period. */
const RESERVE_MS = 1_000;
/** At least this much of it is for the last output, and for the last log lines. */
const OUTPUT_FLUSH_MS = 400;
const LOG_FLUSH_MS = 200;

export async function run(words: readonly string[]): Promise<number> {
  const asked = engineWords(words);
  const [given = DEFAULT_CONFIG, ...more] = asked?.paths ?? [];
  if (asked === undefined || more.length > 0 || asked.asksForSecurity || asked.asJson) {
    process.stderr.write('usage: taskmaster engine start [--replace] [--profile NAME]… [CONFIG]\n');
    return words[0] === '--help' ? 0 : EXIT_BAD_ARGUMENTS;
  }
  const { replaces, profiles } = asked;
  // First of all: what comes before its handler waits, or where nothing holds it, is lost (PID 1) or deadly (others).
  const requests = new Requests();
  startThreadPool();
  const configPath = resolve(given);
  const loaded = loadConfig(configPath, {
    users: systemUsers,
    self: ownPrivileges(),
    ...(profiles && { profiles }),
  });
  if (!loaded.ok) {
    process.stderr.write(renderProblems(loaded.problems));
    // Another path would stand in the very configuration that cannot be trusted.
    writeTerminationMessage(DEFAULT_TERMINATION_LOG, configMessage(loaded.problems));
    return EXIT_CODES.badConfiguration;
  }
  const { promise: finished, resolve: onFinished } = Promise.withResolvers<ExitVerdict>();
  const engine = composeOrTell({ configPath, profiles, config: loaded.config, onFinished });
  process.on('uncaughtException', engine.onFault);
  const refusal = await start(engine, { configPath, replaces, config: loaded.config });
  if (refusal !== undefined) {
    process.stderr.write(`taskmaster: ${refusal.message}\n`);
    engine.trim.close();
    return isOfConfiguration(refusal) ? EXIT_CODES.badConfiguration : EXIT_ALREADY_RUNNING;
  }
  let interrupts = 0;
  requests.handleBy((request, signal) => {
    if (request === 'interrupt') interrupts += 1;
    handle(engine, request, signal, interrupts);
  });
  return leave(engine, await finished);
}

function isOfConfiguration(refusal: Error): boolean {
  return refusal instanceof TaskmasterError && refusal.code === 'config-invalid';
}

/** @returns why the engine must not run here at all: another one does, or a socket cannot be opened. */
async function start(
  engine: Engine,
  {
    configPath,
    replaces,
    config,
  }: { readonly configPath: string; readonly replaces: boolean; readonly config: ResolvedConfig },
): Promise<Error | undefined> {
  const { events, supervisor, socket, role, log } = engine;
  const processes = supervisor.records().length;
  const started = events.emit('engine_started', {
    version: VERSION,
    pid: process.pid,
    role,
    config: configPath,
    processes,
  });
  if (role === 'subreaper') {
    const message = `not PID 1: this engine (pid ${process.pid}) adopts the orphans of its own processes as a child subreaper`;
    events.emitAs('info', 'engine_notice', { message });
  }
  for (const message of config.warnings) events.emit('config_warning', { message });
  if (socket.mayBeTaken) {
    const refusal = await listen(engine);
    if (refusal !== undefined) return refusal;
  }
  if (role === 'subreaper' && replaces) await stopAbandoned(engine);
  const unopened = await engine.sockets.open(config.sockets);
  if (unopened.length > 0) return new TaskmasterError('config-invalid', unopened.join('\n'));
  engine.sockets.use();
  void startProcesses(engine, started).catch(engine.onFault);
  // It reads all of /proc: that must not delay the first processes.
  if (role === 'subreaper') setImmediate(() => reportAbandoned(engine));
  setImmediate(() => {
    void log.open().catch(engine.onFault);
    void engine.journal.open().catch(engine.onFault);
    void engine.http.use(supervisor.engine.http);
    if (socket.path === undefined) {
      void listen(engine).then((late) => {
        if (late !== undefined) engine.drain.begin({ code: EXIT_ALREADY_RUNNING, reason: late.message });
      });
    }
  });
  return undefined;
}

/** As PID 1 nobody outlives an engine; else it may have been killed, and what it ran would be started twice. */
async function stopAbandoned({ events, abandoned }: Engine): Promise<void> {
  const found = abandoned.find();
  if (found.length === 0) return;
  await abandoned.stop();
  const message = `stopped what an engine that was killed had left running: ${leftInWords(found)}`;
  events.emitAs('warn', 'engine_notice', { message });
}

function reportAbandoned({ events, abandoned }: Engine): void {
  const left = abandoned.find();
  if (left.length === 0) return;
  const advice = 'stop it, or start the engine with --replace; otherwise it runs beside what is started now';
  const message = `an engine with this configuration was killed and has left running: ${leftInWords(left)}; ${advice}`;
  events.emitAs('warn', 'engine_notice', { message });
}

/** Without a socket the processes run all the same: control can come back (SIGUSR1), a lost start cannot. */
async function listen({ socket, events }: Engine): Promise<Error | undefined> {
  try {
    await socket.listen();
  } catch (error) {
    if (error instanceof TaskmasterError && error.code === 'engine-already-running') return error;
    events.emitAs('error', 'engine_notice', { message: (error as Error).message });
  }
  return undefined;
}

/**
 * In slices: starting a thousand processes must not keep signals waiting for a second.
 * @param causedBy id of the event that told the engine's own start.
 */
async function startProcesses({ supervisor, drain, clock }: Engine, causedBy: number): Promise<void> {
  const pause = inSlices(clock);
  for (const record of supervisor.records().filter(({ process }) => process.autostart)) {
    if (drain.phase !== 'running') return;
    if (record.machine.monitor === 'idle') {
      const wanted = { by: 'policy', cause: 'started with the engine' } as const;
      supervisor.decide(record, 'start', wanted, causedBy);
    }
    const rest = pause();
    if (rest !== undefined) await rest;
  }
}

/** @param interrupts how many of them have come, this one included. */
function handle(engine: Engine, request: EngineRequest, signal: string, interrupts: number): void {
  const { drain, control, output, socket, http, supervisor, events } = engine;
  const notice = (error: unknown): number =>
    events.emitAs('error', 'engine_notice', { message: (error as Error).message });
  const verdict = { code: EXIT_CODES.requested, reason: `received ${signal}` };
  switch (request) {
    case 'shutdown':
      // An orchestrator may repeat itself: that must cost no service its clean-up.
      drain.begin(verdict);
      break;
    case 'interrupt':
      // A person who presses Ctrl-C again has waited long enough.
      if (interrupts > 1) drain.killNow(verdict);
      else drain.begin(verdict);
      break;
    case 'kill':
      drain.killNow(verdict);
      break;
    case 'reload':
      // A rejected configuration is an event of its own.
      control.reload({ kind: 'reload' }).catch((error: unknown) => {
        if (!(error instanceof TaskmasterError)) engine.onFault(error);
      });
      break;
    case 'reopen-logs':
      output.reopen();
      break;
    case 'recreate-socket':
      socket.recreate().catch(notice);
      void http.use(supervisor.engine.http);
      break;
  }
}

async function leave(engine: Engine, verdict: ExitVerdict): Promise<number> {
  const { output, log, journal, socket, sockets, http, supervisor, events, drain } = engine;
  const { terminationLog } = supervisor.engine;
  const failure = writeTerminationMessage(terminationLog, endMessage(verdict));
  if (failure !== undefined) {
    events.emitAs('debug', 'engine_notice', { message: `cannot write to ${terminationLog}: ${failure}` });
  }
  // A reader that reads is given what is left of the grace period; one that does not is given up sooner.
  const leftMs = supervisor.engine.graceMs - RESERVE_MS - drain.durationMs;
  await within(output.flush(Math.max(OUTPUT_FLUSH_MS, leftMs)), Math.max(OUTPUT_FLUSH_MS, leftMs));
  events.emit('engine_stopped', {
    exit_code: verdict.code,
    duration_ms: Math.round(drain.durationMs),
  });
  http.close();
  await within(Promise.all([socket.close(), sockets.close()]), LOG_FLUSH_MS);
  await within(Promise.all([log.idle(), journal.close()]), LOG_FLUSH_MS);
  // Not process.exit: it would join the threads of Node's pool, one of which may wait for a disk that hangs.
  return native().exitNow(verdict.code);
}

/** Whatever becomes of it, the end goes on in time. */
async function within(work: Promise<unknown>, limitMs: number): Promise<void> {
  await Promise.race([work.catch(() => undefined), new Promise((resolve) => setTimeout(resolve, limitMs))]);
}

/** An addon or a kernel that cannot do what is needed is a reason to be found, too. */
function composeOrTell(options: EngineOptions): Engine {
  try {
    return composeEngine(options);
  } catch (error) {
    const reason = `the engine could not start: ${(error as Error).message}`;
    const { terminationLog } = options.config.engine;
    writeTerminationMessage(terminationLog, endMessage({ code: EXIT_CODES.internalFault, reason }));
    throw error;
  }
}

/** As `kubectl describe pod` shows it. */
function endMessage({ code, reason }: ExitVerdict): string {
  return `${reason} (engine exit code ${code})`;
}

function configMessage(problems: readonly Problem[]): string {
  const lines = problems.map((problem) => renderProblem(problem).split('\n', 1)[0]);
  const reason = 'bad configuration, nothing was started';
  return [endMessage({ code: EXIT_CODES.badConfiguration, reason }), ...lines].join('\n');
}

/** Signals that come before the engine is there wait for it. */
class Requests {
  readonly #early: [EngineRequest, string][] = [];
  #handler: (request: EngineRequest, signal: string) => void = (request, signal) => {
    this.#early.push([request, signal]);
  };

  constructor() {
    watchDaemonSignals((request, signal) => this.#handler(request, signal));
  }

  handleBy(handler: (request: EngineRequest, signal: string) => void): void {
    this.#handler = handler;
    for (const [request, signal] of this.#early.splice(0)) handler(request, signal);
  }
}
