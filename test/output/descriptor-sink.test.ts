import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { descriptorSink } from '../../src/output/sinks/descriptor-sink.ts';
import { SystemClock } from '../../src/system/clock.ts';
import { native } from '../../src/system/native.ts';
import { eventually } from '../support/eventually.ts';
import { openPipe } from '../support/pipe.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

function isNonBlocking(fd: number): boolean {
  const flags = /flags:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '0';
  return (Number.parseInt(flags, 8) & constants.O_NONBLOCK) !== 0;
}

/** A blocking write end, as a container's runtime hands one over. */
function blockingPipe(context: TestContext): { readFd: number; writeFd: number } {
  const { readFd, writeFd: other } = openPipe();
  const writeFd = openSync(`/proc/self/fd/${other}`, constants.O_WRONLY);
  closeSync(other);
  context.after(() => {
    closeSync(readFd);
    closeSync(writeFd);
  });
  return { readFd, writeFd };
}

function readAll(fd: number): Buffer {
  const parts: Buffer[] = [];
  for (;;) {
    const buffer = Buffer.alloc(65_536);
    try {
      const count = readSync(fd, buffer);
      if (count === 0) break;
      parts.push(buffer.subarray(0, count));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') break;
      throw error;
    }
  }
  return Buffer.concat(parts);
}

const written = (sink: ReturnType<typeof descriptorSink>, bytes: Buffer): Promise<Error | null> =>
  new Promise((done) => sink.write(bytes, done));

test('a stuck pipe blocks nobody, and all arrives once it is read', async (context) => {
  const { readFd, writeFd } = blockingPipe(context);
  const sink = descriptorSink(writeFd, new SystemClock());
  const bytes = Buffer.alloc(300_000, 'abcdefg');
  let isDone = false;
  const done = written(sink, bytes).then(() => {
    isDone = true;
  });
  // That this line is reached at all is the point: the pipe takes 64 KiB and nobody reads.
  await new Promise((turn) => setImmediate(turn));
  assert.ok(!isDone);
  let received = Buffer.alloc(0);
  await eventually(() => {
    received = Buffer.concat([received, readAll(readFd)]);
    return received.length === bytes.length;
  });
  await done;
  assert.deepEqual(received, bytes);
});

test('the shared open file description stays as it was', async (context) => {
  const { readFd, writeFd } = blockingPipe(context);
  assert.equal(await written(descriptorSink(writeFd, new SystemClock()), Buffer.from('hello')), null);
  assert.ok(!isNonBlocking(writeFd));
  assert.equal(readAll(readFd).toString(), 'hello');
});

test('what a reader has not taken changes with every byte that it takes', async (context) => {
  const { readFd, writeFd } = blockingPipe(context);
  const sink = descriptorSink(writeFd, new SystemClock(), native().unreadBytes);
  const done = written(sink, Buffer.alloc(200_000, 'x'));
  await new Promise((turn) => setImmediate(turn));
  const seen = [sink.unread()];
  for (const count of [1, 1, 4_096, 5_000]) {
    readSync(readFd, Buffer.alloc(count));
    // The rest is written when the loop has found room.
    await new Promise((turn) => setTimeout(turn, 5));
    seen.push(sink.unread());
  }
  assert.deepEqual(seen, [200_000, 199_999, 199_998, 195_902, 190_902]);
  await eventually(() => readAll(readFd).length === 0 && sink.unread() === 0);
  await done;
});

test('a pipe whose reader is gone is told to its writer, and a closed descriptor too', async () => {
  const { readFd, writeFd } = openPipe();
  const sink = descriptorSink(writeFd, new SystemClock());
  closeSync(readFd);
  assert.ok((await written(sink, Buffer.from('x'))) instanceof Error);
  assert.ok((await written(sink, Buffer.from('x'))) instanceof Error);
  closeSync(writeFd);
  assert.ok((await written(descriptorSink(writeFd, new SystemClock()), Buffer.from('x'))) instanceof Error);
});

test('a file is written at the offset that it shares with others', async (context) => {
  const path = join(temporaryFolder(context), 'out');
  const fd = openSync(path, 'w');
  const sink = descriptorSink(fd, new SystemClock());
  writeSync(fd, 'one\n');
  assert.equal(await written(sink, Buffer.from('two\n')), null);
  writeSync(fd, 'three\n');
  closeSync(fd);
  assert.equal(readFileSync(path, 'utf8'), 'one\ntwo\nthree\n');
});

test('a device that is full loses what is written, and nothing else happens', async () => {
  const fd = openSync('/dev/full', 'w');
  assert.equal(await written(descriptorSink(fd, new SystemClock()), Buffer.from('x')), null);
  closeSync(fd);
});

/** What a script of its own needs of ours. */
const IMPORTS = Object.entries({
  descriptorSink: 'output/sinks/descriptor-sink.ts',
  SystemClock: 'system/clock.ts',
})
  .map(
    ([name, file]) =>
      `import { ${name} } from ${JSON.stringify(join(import.meta.dirname, '../../src', file))};\n`,
  )
  .join('');

/** Runs a script with the given standard output, in a process of its own: it is about descriptors 1 and 2. */
function run(context: TestContext, script: string, options: object): ChildProcess {
  const path = join(temporaryFolder(context), 'script.mts');
  writeFileSync(path, IMPORTS + script);
  const child = spawn(process.execPath, [path], { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  context.after(() => child.kill('SIGKILL'));
  return child;
}

const output = async (child: ChildProcess): Promise<{ stdout: string; stderr: string }> => {
  const parts = { stdout: '', stderr: '' };
  child.stdout?.on('data', (bytes: Buffer) => (parts.stdout += bytes.toString()));
  child.stderr?.on('data', (bytes: Buffer) => (parts.stderr += bytes.toString()));
  await new Promise((done) => child.once('close', done));
  return parts;
};

test('a stream that may not be opened again, as of another user, is written all the same', async (context) => {
  const { readFd, writeFd } = blockingPipe(context);
  // Its pipe belongs to root, as that of `docker run --user` does.
  const script = `
    import { openSync } from 'node:fs';
    process.setgid(65534); process.setuid(65534);
    let mayOpen = true;
    try { openSync('/proc/self/fd/1', 'w'); } catch { mayOpen = false; }
    descriptorSink(1, new SystemClock()).write(Buffer.from('heard, ' + mayOpen), (error) => process.exit(error === null ? 0 : 1));`;
  const child = run(context, script, { stdio: ['ignore', writeFd, 'inherit'] });
  const code = await new Promise((done) => child.once('exit', done));
  assert.equal(code, 0);
  assert.equal(readAll(readFd).toString(), 'heard, false');
});

test('a descriptor whose reader is gone is not given to the next file that is opened', async (context) => {
  // Sockets cannot be opened again (ENXIO), so the engine writes to the shared one and Node closes it when it breaks.
  const script = `
    import { closeSync, openSync, fstatSync } from 'node:fs';
    const sink = descriptorSink(1, new SystemClock());
    const attempt = () => sink.write(Buffer.from('x'), (error) => error === null ? setImmediate(attempt) : setImmediate(look));
    const look = () => {
      const next = openSync('/dev/zero', 'r');
      process.stderr.write(next === 1 ? 'given away' : 'kept');
      process.exit(0);
    };
    process.once('message', attempt);
    process.send('ready');`;
  const child = run(context, script, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  const heard = output(child);
  await new Promise((done) => child.once('message', done));
  child.stdout?.destroy();
  child.send('go');
  assert.equal((await heard).stderr, 'kept');
});

test('a terminal that is held takes up again where it was stopped', async (context) => {
  const folder = temporaryFolder(context);
  const path = join(folder, 'script.mts');
  writeFileSync(
    path,
    `${IMPORTS}
     import { writeFileSync } from 'node:fs';
     // Raw, so that the terminal changes no byte.
     const sink = descriptorSink(1, new SystemClock());
     let turns = 0; const count = setInterval(() => (turns += 1), 1);
     sink.write(Buffer.alloc(200_000, 'abcdefgh'), () => { clearInterval(count); writeFileSync(process.argv[2], String(turns)); });`,
  );
  // script(1) makes the terminal; its reader is slow because the pipe behind it is.
  const command = `stty raw; ${process.execPath} ${path} ${join(folder, 'turns')}`;
  const printed = execFileSync('sh', ['-c', `script -qec '${command}' /dev/null | (sleep 0.3; cat)`], {
    maxBuffer: 1_000_000,
  });
  // script(1) itself types an end of file, which is shown.
  assert.equal(printed.toString().replaceAll(/\^D[\b]*/g, ''), 'abcdefgh'.repeat(25_000));
  assert.ok(Number(readFileSync(join(folder, 'turns'), 'utf8')) > 5, 'the event loop went on meanwhile');
});
