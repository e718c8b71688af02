/** A /proc that hides processes of other users (proc(5), hidepid=2). */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineRun, shellCommand } from '../support/engine-run.ts';
import { eventually } from '../support/eventually.ts';

const HIDING = ['sh', '-c', 'mount -o remount,hidepid=2 /proc && exec "$@"', 'sh'] as const;
const WITHOUT_PTRACE = ['setpriv', '--bounding-set=-sys_ptrace', '--inh-caps=-sys_ptrace'] as const;

test('an engine without CAP_SYS_PTRACE finds all of a service of another user in a /proc that hides processes', async (t) => {
  const deaf = `setsid sh -c "trap '' TERM; exec sleep 1000" & wait`;
  const run = new EngineRun(
    t,
    `[engine]\nexit_when = "never"\n[processes.web]\n${shellCommand(deaf)}user = "nobody"\nstop_timeout = "300ms"\n`,
    { wrapper: [...HIDING, ...WITHOUT_PTRACE] },
  );
  await run.ready();
  const sleeping = async (): Promise<number> =>
    (await run.processes()).filter(({ name }) => name === 'sleep').length;
  await eventually(async () => assert.equal(await sleeping(), 1));
  assert.equal((await run.shell('stop', 'web')).code, 0, run.log);
  await eventually(async () => assert.equal(await sleeping(), 0));
});
