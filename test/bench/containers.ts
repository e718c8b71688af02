/**
 * What container owners expect of PID 1, for taskmaster and its peers in the same harness: a table of behaviours
 * (`yes`, `no`, a figure), engines first, inits after. Needs a Docker engine; takes some minutes.
 */

import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { Container, type ContainerOptions } from '../support/container.ts';
import { dockerSays, testImage } from '../support/test-image.ts';
import { type Contender, ENGINES, type Service } from './contenders.ts';
import { report } from './harness.ts';

const PEERS = ['tini', 'dumb-init', 'supervisor', 's6'];
const image = testImage(PEERS);
const SLEEPER = 'exec sleep 1000';
const web: Service = { name: 'web', script: SLEEPER };

type Answer = string | number | boolean;
interface Question {
  readonly what: string;
  ask(
    start: (services: readonly Service[], options?: ContainerOptions) => Promise<Container>,
  ): Promise<Answer>;
}

/** `docker stop`; what is left of it in milliseconds, or the KILL it took. */
async function timeOfStop(container: Container, seconds = 10): Promise<Answer> {
  const from = performance.now();
  const code = await container.stop(seconds);
  const ms = Math.round(performance.now() - from);
  return code === 137 ? `KILLED after ${ms} ms` : `${ms} ms, code ${code}`;
}

const QUESTIONS: readonly Question[] = [
  {
    what: 'docker stop, one service',
    ask: async (start) => timeOfStop(await start([web])),
  },
  {
    what: 'docker stop, 50 services',
    ask: async (start) => {
      const services = Array.from({ length: 50 }, (_, index) => ({ name: `s${index}`, script: SLEEPER }));
      return timeOfStop(await start(services));
    },
  },
  {
    what: 'docker stop, a service ignores TERM (its limit: 1 s)',
    ask: async (start) =>
      timeOfStop(await start([{ name: 'web', script: 'trap "" TERM; while :; do sleep 1; done' }])),
  },
  {
    what: 'docker stop, a grandchild in its own session ignores TERM',
    ask: async (start) =>
      timeOfStop(
        await start([
          { name: 'web', script: `setsid sh -c 'trap "" TERM; exec sleep 1000' & exec sleep 1000` },
        ]),
      ),
  },
  {
    what: 'stops on SIGRTMIN+3',
    ask: async (start) => {
      const container = await start([web], { flags: ['--stop-signal', 'SIGRTMIN+3'] });
      return timeOfStop(container, 5);
    },
  },
  {
    what: "ends with its main program's code 42",
    ask: async (start) => {
      const container = await start([{ name: 'web', script: 'sleep 1; exit 42', isMain: true }]);
      return await endsWith(container, 42);
    },
  },
  {
    what: 'zombies left of 1,000 orphans of docker exec, after 2 s',
    ask: async (start) => {
      const container = await start([web]);
      await container.exec('sh', '-c', 'i=0; while [ $i -lt 1000 ]; do (sleep 0 &); i=$((i+1)); done');
      await pause(2_000);
      return (await container.processes()).filter(({ state }) => state === 'Z').length;
    },
  },
  {
    what: 'lives when a service is killed for memory (64 MiB), and starts it again',
    ask: async (start) => {
      const hog = 'test -e /tmp/once && exec sleep 1000; touch /tmp/once; exec tail /dev/zero';
      const flags = ['--memory', '64m', '--memory-swap', '64m'];
      const container = await start([web, { name: 'hog', script: hog }], { flags });
      await pause(4_000);
      if (container.inspect('.State.Running') !== 'true') return 'no: the container died';
      const sleepers = (await container.processes()).filter(({ name }) => name === 'sleep');
      return sleepers.length === 2;
    },
  },
  {
    what: 'stops after a fork storm under --pids-limit 32',
    ask: async (start) => {
      const storm = `exec perl -e 'while (1) { fork // select(undef, undef, undef, 0.001) }'`;
      const container = await start([{ name: 'storm', script: storm }], { flags: ['--pids-limit', '32'] });
      await pause(1_000);
      return timeOfStop(container);
    },
  },
  {
    what: 'read-only root, user 1000, no capabilities',
    ask: async (start) => {
      const tmpfs = ['--tmpfs', '/run:exec,uid=1000,gid=1000', '--tmpfs', '/tmp'];
      const flags = ['--read-only', ...tmpfs, '--user', '1000:1000', '--cap-drop', 'ALL'];
      return timeOfStop(await start([web], { flags: [...flags, '--env', 'RUN_AS=1000'] }));
    },
  },
  {
    what: 'comes up again after docker kill and docker start',
    ask: async (start) => {
      const container = await start([web]);
      container.signal('KILL');
      await container.exitCode();
      container.restart();
      return await runs(container, 'sleep');
    },
  },
  {
    what: 'memory of the engine and its helpers: anonymous, KiB, 1 service',
    ask: async (start) => anonymousKiB(await start([web])),
  },
  {
    what: 'the same, 50 services',
    ask: async (start) => {
      const services = Array.from({ length: 50 }, (_, index) => ({ name: `s${index}`, script: SLEEPER }));
      return anonymousKiB(await start(services));
    },
  },
];

const INITS: readonly (readonly [string, readonly [string, ...string[]]])[] = [
  ['taskmaster init', ['taskmaster', 'init', '--']],
  ['tini', ['tini', '--']],
  ['dumb-init', ['dumb-init', '--']],
];
interface InitQuestion {
  readonly what: string;
  readonly script: string;
  ask(container: Container): Promise<Answer>;
}
const INIT_QUESTIONS: readonly InitQuestion[] = [
  {
    what: 'TERM forwarded: docker stop',
    script: 'trap "exit 7" TERM; while :; do sleep 0.05; done',
    ask: async (container) => timeOfStop(container),
  },
  { what: 'exit code 42', script: 'exit 42', ask: (container) => endsWith(container, 42) },
  { what: '128 + SEGV', script: 'kill -SEGV $$', ask: (container) => endsWith(container, 139) },
  {
    what: 'SIGRTMIN+3 forwarded',
    script: `exec perl -e '$SIG{NUM37} = sub { exit 9 }; sleep 1 while 1'`,
    ask: async (container) => {
      await pause(500);
      container.signal('SIGRTMIN+3');
      return await endsWith(container, 9, 3_000);
    },
  },
  {
    what: 'zombies left of 1,000 orphans, after 2 s',
    script: SLEEPER,
    ask: async (container) => {
      await container.exec('sh', '-c', 'i=0; while [ $i -lt 1000 ]; do (sleep 0 &); i=$((i+1)); done');
      await pause(2_000);
      return (await container.processes()).filter(({ state }) => state === 'Z').length;
    },
  },
  { what: 'anonymous memory, KiB', script: SLEEPER, ask: async (container) => anonymousKiB(container) },
];

async function endsWith(container: Container, code: number, withinMs = 8_000): Promise<Answer> {
  const found = await container.exitCode(withinMs).catch(() => 'still running');
  return found === code || `no: ${found}`;
}

async function runs(container: Container, program: string): Promise<boolean> {
  for (let attempt = 0; attempt < 40; attempt++) {
    if ((await container.processes()).some(({ name }) => name === program)) return true;
    await pause(100);
  }
  return false;
}

/** Of everything in the container but the services themselves. */
async function anonymousKiB(container: Container): Promise<number> {
  await pause(2_000);
  const script =
    'for p in /proc/[0-9]*; do read name <$p/comm; test "$name" = sleep || grep -h ^Anonymous: $p/smaps_rollup; done';
  const { stdout } = await container.exec('sh', '-c', `{ ${script}; } 2>/dev/null`);
  // The last is the shell that looks.
  const sizes = [...stdout.matchAll(/(\d+) kB/g)].map(([, size]) => Number(size));
  return sizes.slice(0, -1).reduce((sum, size) => sum + size, 0);
}

const cleanUps: (() => void)[] = [];
const context = { after: (cleanUp: () => void) => void cleanUps.push(cleanUp) } as never;

function startWith({ files, command }: Contender) {
  return async (services: readonly Service[], options: ContainerOptions = {}): Promise<Container> => {
    const flags = ['--env', 'RUN_AS=root', ...(options.flags ?? [])];
    const container = new Container(context, '', { image, command, files: files(services), flags });
    const program = services.some(({ script }) => script.includes('perl')) ? 'perl' : 'sleep';
    await runs(container, program);
    return container;
  };
}

async function answer(ask: () => Promise<Answer>): Promise<string> {
  try {
    const found = await ask();
    return found === true ? 'yes' : found === false ? 'no' : String(found);
  } catch (error) {
    return `no: ${(error as Error).message.split('\n')[0]?.slice(0, 60)}`;
  } finally {
    for (const cleanUp of cleanUps.splice(0)) cleanUp();
  }
}

const rows: Record<string, string>[] = [];
for (const { what, ask } of QUESTIONS) {
  const row: Record<string, string> = { what };
  for (const engine of ENGINES) row[engine.name] = await answer(() => ask(startWith(engine)));
  rows.push(row);
}
report(rows);

const initRows: Record<string, string>[] = [];
for (const { what, script, ask } of INIT_QUESTIONS) {
  const row: Record<string, string> = { what };
  for (const [name, words] of INITS) {
    const command = [...words, 'sh', '-c', script] as [string, ...string[]];
    row[name] = await answer(async () => ask(new Container(context, '', { image, command })));
  }
  initRows.push(row);
}
report(initRows);
console.log(dockerSays('version', '--format', 'Docker {{.Server.Version}}'));
