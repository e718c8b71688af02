import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CliIo } from '../../src/cli/io.ts';
import { Notices } from '../../src/cli/shell/notices.ts';
import { eventually } from '../support/eventually.ts';
import { startRig } from '../support/rpc-rig.ts';

test('notices that are closed before the engine has answered leave nothing open', async (t) => {
  const rig = await startRig(t);
  const pipes = (): number =>
    process.getActiveResourcesInfo().filter((resource) => resource === 'PipeWrap').length;
  const before = pipes();
  const io = { environment: { TASKMASTER_SOCKET: rig.path }, uid: 0 } as unknown as CliIo;
  const notices = new Notices(io, () => {});
  const following = notices.follow();
  notices.close();
  await following;
  // What is open keeps the program from ending: a shell that was left at once would hang.
  await eventually(() => assert.equal(pipes(), before));
  assert.equal(rig.engine.listenerCount, 0);
});
