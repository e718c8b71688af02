import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { CliRun, cli } from '../support/cli-rig.ts';
import { eventually } from '../support/eventually.ts';
import { anInstance, FakeEngine } from '../support/fake-engine.ts';
import { type Rig, startRig } from '../support/rpc-rig.ts';

async function aConsole(t: TestContext): Promise<Rig> {
  return startRig(t, {}, new FakeEngine(anInstance('console'), anInstance('web')));
}

describe('send', () => {
  const cases: readonly [words: readonly string[], text: string][] = [
    [['console', 'say hi'], 'say hi\n'],
    [['console', '--no-newline', 'y'], 'y'],
    [['console', '--', '--help'], '--help\n'],
    [['console', ''], '\n'],
  ];
  for (const [words, text] of cases) {
    test(`${words.join(' ')}: is written, and the input stays open for the next`, async (t) => {
      const rig = await aConsole(t);
      for (let time = 0; time < 2; time++) {
        const { code, out, err } = await cli(['send', '--socket', rig.path, ...words]);
        assert.deepEqual([code, out, err], [0, `sent ${text.length} bytes to console\n`, '']);
      }
      assert.deepEqual(rig.engine.written, Array(2).fill({ instance: 'console', text, end: false }));
      assert.equal(rig.engine.holders.size, 0);
    });
  }

  test('without a text sends what is piped in, byte for byte and in whole lines', async (t) => {
    const rig = await aConsole(t);
    const line = `${'x'.repeat(999)}\n`;
    const input = `${line.repeat(200)}no end`;
    const { code, out } = await cli(['send', 'console', '--json', '--socket', rig.path], { input });
    assert.deepEqual([code, JSON.parse(out)], [0, { instance: 'console', bytes: input.length }]);
    assert.equal(rig.engine.written.map(({ text }) => text).join(''), input);
    assert.ok(rig.engine.written.every(({ end }) => !end));
  });

  test('nothing piped in is nothing, and still an error where nobody could read it', async (t) => {
    const rig = await aConsole(t);
    assert.equal((await cli(['send', 'console', '--socket', rig.path])).code, 0);
    rig.engine.inputs.set('web', 'null');
    const { code, err } = await cli(['send', 'web', '--socket', rig.path]);
    assert.equal(code, 1);
    assert.match(err, /cannot write to web: give it stdin = "pipe"/);
  });

  test('is refused while somebody is attached with --stdin, who goes on', async (t) => {
    const rig = await aConsole(t);
    const holder = await rig.connect();
    const { subscription } = (await holder.ask('attach', { name: 'console', stdin: true })).result;
    const { code, err } = await cli(['send', 'console', 'x', '--socket', rig.path]);
    assert.equal(code, 1);
    assert.match(err, /cannot write to console: uid 0 does/);
    const { error } = await holder.ask('attach.write', { subscription, text: 'mine' });
    assert.equal(error, undefined);
  });

  test('says what is missing, on a terminal too', async (t) => {
    const rig = await aConsole(t);
    const { code, err } = await cli(['send', 'console', '--socket', rig.path], { terminal: true });
    assert.equal(code, 2);
    assert.match(err, /TEXT is missing/);
    assert.equal((await cli(['send', 'console', 'say', 'hi', '--socket', rig.path])).code, 2);
    assert.equal((await cli(['send', 'console', '--no-newline', '--socket', rig.path])).code, 2);
    assert.equal((await cli(['send', 'nobody', 'x', '--socket', rig.path])).code, 5);
  });

  test('takes control access', async (t) => {
    const rig = await startRig(t, { grants: [{ level: 'read', uid: 2000, gid: undefined }] });
    rig.peer = { pid: 1, uid: 2000, gid: 2000 };
    assert.equal((await cli(['send', 'web', 'x', '--socket', rig.path])).code, 4);
    assert.deepEqual(rig.engine.written, []);
  });
});

describe('attach --stdin from a pipe', () => {
  test('closes the input at its end', async (t) => {
    const rig = await aConsole(t);
    const running = new CliRun(['attach', 'console', '--stdin', '--socket', rig.path], { input: 'a\n' });
    await eventually(() => assert.equal(rig.engine.written.at(-1)?.end, true));
    running.interrupt();
    await running.done;
  });

  test('with --keep-open leaves it open', async (t) => {
    const rig = await aConsole(t);
    const words = ['attach', 'console', '--stdin', '--keep-open', '--socket', rig.path];
    const running = new CliRun(words, { input: 'a\n' });
    await eventually(() => assert.equal(rig.engine.written.length, 1));
    rig.engine.print('console', 'answer\n');
    await eventually(() => assert.match(running.out, /answer/));
    assert.deepEqual(rig.engine.written, [{ instance: 'console', text: 'a\n', end: false }]);
    running.interrupt();
    await running.done;
    assert.equal((await cli(['attach', 'console', '--keep-open', '--socket', rig.path])).code, 2);
  });
});

test('JSON on a terminal holds nothing that could move the cursor', async (t) => {
  const rig = await startRig(t, {}, new FakeEngine(anInstance('web', { reason: 'a\u009b2Jb\u202ec\u007f' })));
  const { out } = await cli(['status', '--json', '--socket', rig.path], { terminal: true });
  assert.doesNotMatch(out, /[\u007f-\u009f\u202a-\u202e]/);
  assert.equal(JSON.parse(out).instances[0].reason, 'a\u009b2Jb\u202ec\u007f');
});
