/**
 * What confinement costs a start: `node test/bench/confined-start.ts [ROUNDS]`. In turns, the same program without and with
 * `landlock`, `seccomp` and a mount namespace; the time from the request to its exec, and to its end.
 */

import { nativeLandlock } from '../../src/system/landlock.ts';
import { nativeMounts } from '../../src/system/mount-settings.ts';
import { type NativeSpawnRequest, native } from '../../src/system/native.ts';
import { NULL_DEVICE, nativeRequest } from '../support/native-child.ts';

const rounds = Number(process.argv[2] ?? 500);
const read = ['/usr', '/etc', '-/lib', '-/lib64', '-/bin'];
const descriptors = [NULL_DEVICE, NULL_DEVICE, 2];
const rules = { read, write: ['/tmp'], connectTcp: [5432], bindTcp: [9001], isRequired: true };
const source = { kind: 'null' } as const;
const landlock = nativeLandlock(
  { landlock: rules, descriptors: [{ target: 0, source }] },
  native().landlockVersion(),
);
if (landlock === undefined) throw new Error('this kernel has no Landlock');
const REQUESTS: Readonly<Record<string, NativeSpawnRequest>> = {
  without: nativeRequest(['/bin/true'], { descriptors }),
  no_new_privs: nativeRequest(['/bin/true'], { descriptors, noNewPrivs: true }),
  landlock: nativeRequest(['/bin/true'], { descriptors, noNewPrivs: true, landlock }),
  seccomp: nativeRequest(['/bin/true'], { descriptors, noNewPrivs: true, filtersSystemCalls: true }),
  both: nativeRequest(['/bin/true'], { descriptors, noNewPrivs: true, filtersSystemCalls: true, landlock }),
  private_tmp: nativeRequest(['/bin/true'], { descriptors, ...nativeMounts({ privateTmp: true }) }),
};

const times = new Map(
  Object.keys(REQUESTS).map((name) => [name, { started: [] as number[], ended: [] as number[] }]),
);
for (let round = 0; round < rounds; round++) {
  for (const [name, request] of Object.entries(REQUESTS)) {
    const begun = performance.now();
    const answer = native().spawn(request, 10_000, () => undefined);
    const started = performance.now() - begun;
    if (!('pid' in answer)) throw new Error(JSON.stringify(answer));
    while (native().hasChildren()) native().reap(new Int32Array(), 10);
    times.get(name)?.started.push(started);
    times.get(name)?.ended.push(performance.now() - begun);
  }
}

const at = (list: readonly number[], share: number): string =>
  `${([...list].sort((one, other) => one - other)[Math.floor(list.length * share)] ?? Number.NaN).toFixed(3)} ms`;
for (const [name, { started, ended }] of times) {
  const toExec = `exec p10 ${at(started, 0.1)}, p50 ${at(started, 0.5)}, p99 ${at(started, 0.99)}`;
  process.stdout.write(
    `${name.padEnd(14)} ${toExec}; end p10 ${at(ended, 0.1)}, p50 ${at(ended, 0.5)}, p99 ${at(ended, 0.99)}\n`,
  );
}
