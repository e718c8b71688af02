/** Builds the engine's parts and wires them; the one place that knows them all. No logic of its own. */

import { compareConfigs } from '../config/diff.ts';
import { loadConfigInSlices } from '../config/load.ts';
import type { ResolvedConfig } from '../config/resolved-config.ts';
import { renderProblem } from '../config/text/problem.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { ProbingHealthMonitor } from '../health/monitor.ts';
import { ProcessInput } from '../input/process-input.ts';
import { Journal } from '../journal/journal.ts';
import { lastIdIn } from '../journal/last-id.ts';
import { OutputTap } from '../journal/output-tap.ts';
import { EngineLog } from '../logging/engine-log.ts';
import { PipeReaders } from '../output/pipes/pipe-reader.ts';
import { ProcessOutput } from '../output/process-output.ts';
import { containerStreams } from '../output/streams/container-stream.ts';
import { standardStreams } from '../output/streams/standard-streams.ts';
import { selectInstances } from '../rpc/access/select.ts';
import { ReportLimiter } from '../rpc/server/report-limiter.ts';
import { inSlices } from '../slices.ts';
import { EngineControl } from '../supervisor/control/engine-control.ts';
import { EventStream } from '../supervisor/events/event-stream.ts';
import { Hooks } from '../supervisor/events/hooks.ts';
import { Reload } from '../supervisor/reload.ts';
import { Drain } from '../supervisor/shutdown/drain.ts';
import { Supervisor } from '../supervisor/supervisor.ts';
import type { ExitVerdict } from '../supervisor/world/exit-verdict.ts';
import { AbandonedProcesses, engineNumber } from '../system/abandoned.ts';
import { SystemClock } from '../system/clock.ts';
import { containerMemory } from '../system/container-memory.ts';
import { readContainerUsage } from '../system/container-usage.ts';
import { runHelperCommand } from '../system/helper-command.ts';
import { takeInitRole } from '../system/init-role.ts';
import { LinuxKernel } from '../system/kernel.ts';
import { memoryTrim } from '../system/memory-trim.ts';
import { native } from '../system/native.ts';
import { ProcessUsage } from '../system/process-usage.ts';
import { Reaper } from '../system/reaper.ts';
import { SelfReportSources } from '../system/self-reports.ts';
import { inheritedOpenFiles } from '../system/spawn-limits.ts';
import { ownPrivileges, systemUsers } from '../system/user-database.ts';
import { ControlSocket } from './control-socket.ts';
import { HttpEndpoints } from './http-endpoints.ts';
import { LateSockets } from './service-sockets.ts';
import { VERSION } from './version.ts';

export interface EngineOptions {
  readonly configPath: string;
  readonly config: ResolvedConfig;
  /** Those that were chosen on the command line; a reload goes by them too. */
  readonly profiles: readonly string[] | undefined;
  /** Everything has ended; what is left is to write the last lines and leave. */
  readonly onFinished: (verdict: ExitVerdict) => void;
}

export type Engine = ReturnType<typeof composeEngine>;

/** How many of an instance's last lines `why` shows. */
const LAST_LINES = 10;

export function composeEngine({ configPath, profiles, config, onFinished }: EngineOptions) {
  const addon = native();
  const clock = new SystemClock();
  const startedAt = clock.now();
  const role = takeInitRole(addon);
  const { directory } = config.engine.journal;
  const events = new EventStream(clock, directory === undefined ? 0 : lastIdIn(directory));
  // First to be told: what others tell about an event comes after it.
  const journal = new Journal(config.engine.journal, { clock, events });
  const { slowReader } = config.engine.log;
  const unreadBytes = (fd: number): number => addon.unreadBytes(fd);
  const streams = standardStreams(slowReader, { clock, events, unreadBytes });
  const isTerminal = addon.isTerminal(2);
  const mayColour = process.env.NO_COLOR === undefined;
  const log = new EngineLog(config.engine.log, {
    events,
    stream: streams.stderr,
    isTerminal,
    hasColour: isTerminal && mayColour,
  });
  const reaper = new Reaper(addon);
  const openFiles = inheritedOpenFiles(process.env.TASKMASTER_INHERITED);
  const memory = containerMemory(() => clock.now());
  const number = engineNumber(configPath, process.getuid?.() ?? 0);
  const kernel = new LinuxKernel({ addon, reaper, role, openFiles, memory, engineNumber: number });
  const abandoned = new AbandonedProcesses(addon, number);
  const container = containerStreams({
    ...streams,
    format: config.engine.log.output,
    hasColour: { stdout: mayColour && addon.isTerminal(1), stderr: mayColour && isTerminal },
    clock,
  });
  events.subscribe((event) => container.tell(event));
  const output = new ProcessOutput({
    clock,
    events,
    container,
    resizePipe: (fd, bytes) => addon.resizePipe(fd, bytes),
    unreadBytes,
    slowReader,
  });
  const outputTap = new OutputTap({
    clock,
    follow: (instance, listener) => output.followOutput(instance, listener),
    take: (lines) => journal.takeOutput(lines),
  });
  outputTap.use(config.engine.journal.output, []);
  events.subscribe((event) => outputTap.consider(event));
  const input = new ProcessInput({
    clock,
    // It can fail only where the terminal has gone with its process.
    resizeTerminal: (fd, { columns, rows }) => void addon.resizeTerminal(fd, columns, rows),
  });
  const pipes = new PipeReaders();
  const health = new ProbingHealthMonitor({
    clock,
    events,
    kernel,
    readPipe: (fd, onData) =>
      pipes.open(fd, {
        onData: (bytes) => {
          onData(bytes);
          return true;
        },
        onEnd: () => {},
      }),
  });

  const selfReports = new SelfReportSources({
    addon,
    reaper,
    clock,
    ownUid: process.getuid?.() ?? 0,
    openPipe: (fd, taker) => pipes.open(fd, taker),
    followOutput: (instance, onData) =>
      output.followOutput(instance, ({ stream, bytes }) => onData(stream, bytes)),
  });

  const sockets = new LateSockets(addon, clock, (message) =>
    events.emitAs('warn', 'engine_notice', { message }),
  );

  const onFault = (error: unknown): void => {
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    events.emit('engine_fault', { message, ...(stack !== undefined && { stack }) });
    drain.begin({ code: EXIT_CODES.internalFault, reason: `an internal fault: ${message}` });
  };
  const supervisor = new Supervisor(config, {
    clock,
    kernel,
    health,
    output,
    input,
    selfReports,
    sockets,
    events,
    random: Math.random,
    onVerdict: (verdict) => drain.begin(verdict),
    onFault,
  });
  const useNames = ({ engine }: ResolvedConfig): void =>
    container.use(
      supervisor.records().map((record) => ({ instance: record.name, process: record.process.name })),
      engine.log.marks,
    );
  useNames(config);
  const hooks = new Hooks(events, (hook, event) =>
    runHelperCommand(
      { file: hook.file, args: hook.args, timeoutMs: hook.timeoutMs, input: `${JSON.stringify(event)}\n` },
      { reaper, kernel },
    ),
  );
  hooks.use(config.engine.hooks);
  const drain = new Drain({
    clock,
    kernel,
    supervisor,
    settleHooks: (limitMs) =>
      Promise.race([hooks.idle(), new Promise<void>((resolve) => void clock.after(limitMs, resolve))]),
    onFinished,
  });
  const reload = new Reload(config, {
    clock,
    events,
    supervisor,
    sockets,
    phase: () => drain.phase,
    compare: compareConfigs,
    load: async () => {
      const ports = { users: systemUsers, self: ownPrivileges(), ...(profiles && { profiles }) };
      const loaded = await loadConfigInSlices(configPath, ports, inSlices(clock));
      return loaded.ok ? loaded : { ok: false, problems: loaded.problems.map(renderProblem) };
    },
    onApplied: (applied) => {
      hooks.use(applied.engine.hooks);
      useNames(applied);
      log.use(applied.engine.log);
      output.useSlowReader(applied.engine.log.slowReader);
      journal.use(applied.engine.journal);
      outputTap.use(
        applied.engine.journal.output,
        supervisor.records().map(({ name, process }) => ({ name, process: process.name })),
      );
      socket.setGrants(applied.engine.access);
      void http.use(applied.engine.http);
    },
  });
  const counters = { orphans: 0 };
  reaper.onOrphan((pid, status) => {
    counters.orphans += 1;
    events.emit('orphan_reaped', { status }, { pid });
  });
  const control = new EngineControl({
    clock,
    kernel,
    events,
    journal,
    health,
    supervisor,
    reload,
    drain,
    usage: new ProcessUsage({ clock, container: readContainerUsage }),
    output: {
      recentOutput: (instance) => output.recentOutput(instance),
      position: (instance) => output.position(instance),
      unfinished: (instance) => outputTap.unfinished(instance),
      followOutput: (instance, listener) => output.followOutput(instance, listener),
      lastLines: (instance) => output.lastLines(instance, LAST_LINES),
      dropped: (instance) => output.dropped(instance),
      costs: () => output.costs(),
    },
    input,
    select: selectInstances,
    facts: {
      version: VERSION,
      role,
      configPath,
      startedAt,
      socket: () => socket.path ?? '',
      orphansReaped: () => counters.orphans,
    },
  });
  // What a client asks may fail; it must not end the processes of everybody.
  const clientFaults = new ReportLimiter(clock, (message, _uid, more) => {
    const others = more === undefined ? '' : ` (${more} more in the last minute)`;
    events.emitAs('error', 'engine_notice', {
      message: `a client's request failed inside the engine: ${message}${others}`,
    });
  });
  const onClientFault = (error: unknown): void => {
    const { stack, message } = error instanceof Error ? error : new Error(String(error));
    clientFaults.tell((stack ?? message).slice(0, 1_000), undefined);
  };
  const trim = memoryTrim(clock, addon);
  events.subscribe(() => trim.noteWork());
  const socket = new ControlSocket({
    config: config.engine,
    control,
    events,
    clock,
    addon,
    onFault: onClientFault,
    onVisit: () => trim.noteWork(),
  });
  const http = new HttpEndpoints({ engine: control, events, clock, startedAt: clock.wallTime() });
  return {
    clock,
    role,
    abandoned,
    events,
    log,
    journal,
    output,
    supervisor,
    drain,
    control,
    socket,
    sockets,
    http,
    onFault,
    trim,
  };
}
