/** What probes need from the engine, with the real kernel and real pipes. */

import type { TestContext } from 'node:test';
import type { HealthRules, ProbeConfig, ProcessConfig } from '../../src/config/resolved-config.ts';
import type { CommandProbePorts } from '../../src/health/probe-command.ts';
import { PipeReaders } from '../../src/output/pipes/pipe-reader.ts';
import type { ProbeSubject } from '../../src/supervisor/ports/health.ts';
import { SystemClock } from '../../src/system/clock.ts';
import { takeInitRole } from '../../src/system/init-role.ts';
import { LinuxKernel } from '../../src/system/kernel.ts';
import { native } from '../../src/system/native.ts';
import { Reaper } from '../../src/system/reaper.ts';
import { processConfig } from '../supervisor/rig.ts';

export function commandPorts(t: TestContext): CommandProbePorts {
  const addon = native();
  const reaper = new Reaper(addon);
  t.after(() => reaper.stop());
  const pipes = new PipeReaders();
  return {
    clock: new SystemClock(),
    // As in the engine, orphans come to us.
    kernel: new LinuxKernel({ addon, reaper, role: takeInitRole(addon), openFiles: undefined }),
    readPipe: (fd, onData) =>
      pipes.open(fd, {
        onData: (bytes) => {
          onData(bytes);
          return true;
        },
        onEnd: () => {},
      }),
  };
}

export interface SubjectChoices {
  readonly spawn?: Partial<ProcessConfig['spawn']>;
  readonly health?: Partial<HealthRules>;
  readonly instance?: string;
  readonly incarnation?: number;
}

export function probeSubject(choices: SubjectChoices = {}): ProbeSubject {
  const process = processConfig('web');
  const spawn = { ...process.spawn, ...choices.spawn };
  return {
    instance: choices.instance ?? 'web',
    incarnation: choices.incarnation ?? 1,
    pid: 4_711,
    process: { ...process, spawn, health: { ...process.health, ...choices.health } },
    environment: spawn.environment,
  };
}

export function shellProbe(line: string): Extract<ProbeConfig, { kind: 'command' }> {
  return { kind: 'command', file: '/bin/sh', args: ['-c', line] };
}
