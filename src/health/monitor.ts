/** Watches the health of incarnations: one watch for each, runs that never overlap, verdicts only when they change. */

import type { HealthRules, ProbeConfig } from '../config/resolved-config.ts';
import type { EventStream } from '../supervisor/events/event-stream.ts';
import type { Cancel, Clock } from '../supervisor/ports/clock.ts';
import type {
  HealthFact,
  HealthMonitor,
  ProbeRun,
  ProbeSubject,
  Standing,
  WatchPast,
} from '../supervisor/ports/health.ts';
import { shortDuration } from '../units.ts';
import { failureInWords, type Probe, type ProbeResult } from './probe.ts';
import { type CommandProbePorts, probeByCommand } from './probe-command.ts';
import { probeByHttp } from './probe-http.ts';
import { probeByTcp } from './probe-tcp.ts';
import { firstDelay, type Judgement, judge, type Progress } from './schedule.ts';

const RUNS_KEPT = 5;
/** What is killed and has not gone after that hangs in the kernel, on a disk for example, and goes when that lets it. */
const KILLED_MS = 2_000;
const NOT_GONE: ProbeResult = { passed: false, outcome: 'the probe before it cannot be killed', output: '' };

export interface HealthPorts extends CommandProbePorts {
  readonly clock: Clock;
  readonly events: EventStream;
}

type Report = (fact: HealthFact) => void;

export class ProbingHealthMonitor implements HealthMonitor {
  readonly #ports: HealthPorts;
  readonly #histories = new Map<string, ProbeRun[]>();

  constructor(ports: HealthPorts) {
    this.#ports = ports;
  }

  watch(standing: Standing, subject: ProbeSubject, report: Report): Cancel {
    return this.#watch({ ageMs: 0, runs: [] }, standing, subject, report);
  }

  adopt(past: WatchPast, standing: Standing, subject: ProbeSubject, report: Report): Cancel {
    if (past.runs.length > 0) this.#histories.set(subject.instance, past.runs.slice(-RUNS_KEPT));
    return this.#watch(past, standing, subject, report);
  }

  #watch(past: WatchPast, standing: Standing, subject: ProbeSubject, report: Report): Cancel {
    const { probe } = subject.process.health;
    if (probe.kind === 'uptime') {
      // Nothing can be said of a living process by its age but that it has one.
      const leftMs = Math.max(0, probe.uptimeMs - past.ageMs);
      return standing === 'unproven' ? this.#waitForUptime(leftMs, report) : () => {};
    }
    return this.#probeRepeatedly(past, standing, subject, this.#probeFor(probe), report);
  }

  history(instance: string): readonly ProbeRun[] {
    return this.#histories.get(instance) ?? [];
  }

  rename(from: string, to: string): void {
    const runs = this.#histories.get(from);
    this.#histories.delete(from);
    if (runs !== undefined) this.#histories.set(to, runs);
  }

  forget(instance: string): void {
    this.#histories.delete(instance);
  }

  #waitForUptime(leftMs: number, report: Report): Cancel {
    return this.#ports.clock.after(leftMs, () => report({ kind: 'becameHealthy' }));
  }

  #probeFor(config: Exclude<ProbeConfig, { kind: 'uptime' }>): Probe {
    switch (config.kind) {
      case 'command':
        return probeByCommand(config, this.#ports);
      case 'http':
        return probeByHttp(config.url, config.expectStatus);
      case 'tcp':
        return probeByTcp(config.host, Number(config.port));
    }
  }

  #probeRepeatedly(
    past: WatchPast,
    standing: Standing,
    subject: ProbeSubject,
    probe: Probe,
    report: Report,
  ): Cancel {
    const { clock } = this.#ports;
    const rules = subject.process.health;
    const since = clock.now() - past.ageMs;
    const calledOff = new AbortController();
    const unlessHeldUp = oneAtATime(probe);
    let cancelTimer: Cancel = () => {};
    const runAfter = (delayMs: number, progress: Progress): void => {
      cancelTimer = clock.after(delayMs, () => {
        const ageMs = clock.now() - since;
        void this.#runOnce(subject, unlessHeldUp, rules, calledOff.signal).then((run) => {
          if (calledOff.signal.aborted) return;
          const judgement = judge(progress, run, ageMs, rules);
          const causedBy = this.#remember(subject, run, judgement);
          runAfter(judgement.delayMs, judgement.progress);
          if (judgement.fact !== undefined) report({ ...judgement.fact, causedBy });
        });
      });
    };
    const failures = standing === 'healthy' ? failuresAtEnd(past.runs) : 0;
    runAfter(firstDelay(standing, rules), { standing, failures });
    return () => {
      cancelTimer();
      calledOff.abort();
    };
  }

  async #runOnce(
    subject: ProbeSubject,
    probe: Probe,
    rules: HealthRules,
    calledOff: AbortSignal,
  ): Promise<ProbeRun> {
    const { clock } = this.#ports;
    const startedAt = clock.wallTime();
    const startedNow = clock.now();
    const timeOver = new AbortController();
    let cancelTimer: Cancel = () => {};
    const late = new Promise<ProbeResult>((resolve) => {
      cancelTimer = clock.after(rules.timeoutMs, () => {
        cancelTimer = clock.after(KILLED_MS, () => resolve(NOT_GONE));
        timeOver.abort();
      });
    });
    const asked = probe(subject, AbortSignal.any([calledOff, timeOver.signal]));
    const result = await Promise.race([asked, late]);
    cancelTimer();
    const timedOut = timeOver.signal.aborted;
    return {
      startedAt,
      durationMs: Math.round(clock.now() - startedNow),
      passed: result.passed && !timedOut,
      outcome: timedOut ? `timed out after ${shortDuration(rules.timeoutMs)}` : result.outcome,
      output: result.output,
    };
  }

  /** @returns id of the event that tells it. */
  #remember(subject: ProbeSubject, run: ProbeRun, { counts, progress, fact }: Judgement): number {
    const runs = this.#histories.get(subject.instance) ?? [];
    runs.push(run);
    if (runs.length > RUNS_KEPT) runs.shift();
    this.#histories.set(subject.instance, runs);
    const { passed, outcome, durationMs } = run;
    const { failures } = progress;
    const { instance, incarnation, pid, process } = subject;
    const { retries } = process.health;
    const fields = { passed, outcome, duration_ms: durationMs, ...(failures > 0 && { failures, retries }) };
    // A program that is still starting fails its first probes: nobody should have to look at those.
    const level = passed || !counts ? 'debug' : 'warn';
    // What changes a state is worth a line: a reader at night sees what came of what.
    const told = fact !== undefined && level === 'debug' ? 'info' : level;
    return this.#ports.events.emitAs(told, 'probe_finished', fields, {
      process: process.name,
      instance,
      incarnation,
      pid,
    });
  }
}

function failuresAtEnd(runs: readonly ProbeRun[]): number {
  return runs.length - 1 - runs.findLastIndex(({ passed }) => passed);
}

/** A probe that hangs in the kernel fails all that come after it: each new one would hang beside it. */
function oneAtATime(probe: Probe): Probe {
  let isUnderWay = false;
  return async (subject, signal) => {
    if (isUnderWay) return NOT_GONE;
    isUnderWay = true;
    const result = await probe(subject, signal).catch(failedProbe);
    isUnderWay = false;
    return result;
  };
}

/** A probe should settle, never reject; one that does has failed, and the engine has not. */
function failedProbe(error: unknown): ProbeResult {
  return { passed: false, outcome: failureInWords(error), output: '' };
}
