/**
 * Every way in, every way out: what our programs do with a terminal, and what it is like afterwards, looked at through a
 * pseudo-terminal on which a shell with job control has started them.
 */

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { anInstance, FakeEngine } from '../support/fake-engine.ts';
import { type Rig, startRig } from '../support/rpc-rig.ts';
import { Screen } from '../support/screen.ts';

const dist = resolve(import.meta.dirname, '../../dist');
const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const CTRL_Z = '\u001a';
const DETACH = '\u0010\u0011';
/** The shell's, which is seen only where it has the terminal. */
const OUTSIDE = /outside\$\s*$/;
/** A full-screen program's: alternate screen, mouse, no cursor, pastes, keypad, cursor keys, focus, no wrapping. */
const ALL_MODES =
  '\u001b[?1049h\u001b[?1002h\u001b[?1006h\u001b[?25l\u001b[?2004h\u001b=\u001b[?1h\u001b[?1004h\u001b[?7l';

interface Scene {
  readonly rig: Rig;
  readonly screen: Screen;
  /** The client. */
  pid(): number;
}

interface Situation {
  readonly words: readonly string[];
  /** Brings the client from its start to where it is looked at. */
  begin?(scene: Scene): Promise<unknown>;
  /** It is there (again), and takes keys. */
  isThere(scene: Scene): Promise<void>;
  /** Ends it as one does. */
  leave(scene: Scene): void;
  /** Of keys: it goes on (`there`), is back at the prompt of our shell (`prompt`), or has ended (`outside`). */
  readonly keys: Readonly<Record<'Ctrl-C' | 'Ctrl-D' | 'detach', 'there' | 'prompt' | 'outside'>>;
  /** Ctrl-Z is the process's own. */
  readonly passesCtrlZ?: boolean;
  readonly engineDies: 'there' | 'prompt' | 'outside';
  readonly interrupted: 'there' | 'prompt' | 'outside';
  /** The right to write that it has. */
  readonly holds?: string;
}

async function promptAnswers({ screen }: Scene): Promise<void> {
  await screen.shows(/taskshell>\s*$/);
  const before = screen.written.split('did you mean help').length;
  // A signal that is still under way drops what is typed, as Ctrl-C does.
  for (let typed = 0; screen.written.split('did you mean help').length === before; typed++) {
    assert.ok(typed < 20, screen.text);
    screen.type('helpp\r');
    await new Promise((done) => setTimeout(done, 50 * typed));
  }
}

const attachPipe: Situation = {
  words: ['taskshell', 'attach', 'pipe', '--stdin'],
  begin: ({ screen }) => screen.shows(/attached to pipe/),
  isThere: async ({ rig, screen }) => {
    const count = rig.engine.written.length;
    screen.type('hello\r');
    await eventually(() => assert.ok(rig.engine.written.slice(count).some(({ text }) => text === 'hello\n')));
  },
  leave: ({ screen }) => screen.type(DETACH),
  keys: { 'Ctrl-C': 'outside', 'Ctrl-D': 'there', detach: 'outside' },
  engineDies: 'outside',
  interrupted: 'outside',
  holds: 'pipe',
};

const attachTerminal: Situation = {
  words: ['taskshell', 'attach', 'tty', '--stdin'],
  begin: async ({ rig, screen }) => {
    await screen.shows(/attached to tty/);
    await eventually(() => assert.ok(rig.engine.calls.includes('resize tty 80 24')));
    rig.engine.print('tty', ALL_MODES);
    await eventually(() => assert.equal(screen.modes.length, 8, screen.modes.join()));
  },
  isThere: async ({ rig, screen }) => {
    const typed = (): string => rig.engine.written.map(({ text }) => text).join('');
    const count = typed().split('x').length;
    screen.type('x');
    await eventually(() => assert.equal(typed().split('x').length, count + 1));
    assert.equal(screen.modes.length, 8, 'what the program has set is set');
  },
  leave: ({ screen }) => screen.type(DETACH),
  keys: { 'Ctrl-C': 'there', 'Ctrl-D': 'there', detach: 'outside' },
  passesCtrlZ: true,
  engineDies: 'outside',
  interrupted: 'outside',
  holds: 'tty',
};

const boardIsThere = async ({ screen }: Scene): Promise<void> => {
  await screen.shows(/NAME +STATE/);
  // Whatever is open is closed by that, and a lone ESC is known by what does not follow it.
  screen.type('\u001b');
  await eventually(() => assert.doesNotMatch(screen.text, / of \d+ commands|^ :/m));
  await new Promise((done) => setTimeout(done, 60));
  screen.type('?');
  await screen.shows(/help ─/);
  screen.type('x');
  await screen.shows(/NAME +STATE/);
  assert.deepEqual(screen.modes, ['alternate', 'hidden cursor', 'paste']);
};

const SITUATIONS: Readonly<Record<string, Situation>> = {
  'the shell at its prompt': {
    words: ['taskshell'],
    isThere: promptAnswers,
    leave: ({ screen }) => screen.type(CTRL_D),
    keys: { 'Ctrl-C': 'there', 'Ctrl-D': 'outside', detach: 'there' },
    engineDies: 'there',
    interrupted: 'there',
  },
  'the shell, with a command running': {
    words: ['taskshell'],
    begin: async ({ rig, screen }) => {
      screen.type('stop pipe --wait\r');
      await eventually(() => assert.equal(rig.engine.waiters, 1));
    },
    isThere: async (scene) => {
      assert.equal(scene.rig.engine.waiters, 1);
      scene.screen.type(CTRL_C);
      await promptAnswers(scene);
    },
    leave: ({ screen }) => screen.type(`${CTRL_C}${CTRL_D}`),
    keys: { 'Ctrl-C': 'prompt', 'Ctrl-D': 'there', detach: 'there' },
    engineDies: 'prompt',
    interrupted: 'prompt',
  },
  'logs -f in the shell': {
    words: ['taskshell'],
    begin: async ({ rig, screen }) => {
      await eventually(() => assert.equal(rig.engine.listenerCount, 1));
      screen.type('logs -f\r');
      await eventually(() => assert.equal(rig.engine.listenerCount, 2));
    },
    isThere: async ({ rig, screen }) => {
      const seen = screen.written.split('probe_finished').length;
      rig.engine.emit('probe_finished', { passed: true } as never, { instance: 'pipe' });
      await eventually(() => assert.ok(screen.written.split('probe_finished').length > seen));
    },
    leave: ({ screen }) => screen.type(`${CTRL_C}${CTRL_D}`),
    keys: { 'Ctrl-C': 'prompt', 'Ctrl-D': 'there', detach: 'there' },
    engineDies: 'prompt',
    interrupted: 'prompt',
  },
  'logs -f by itself': {
    words: ['taskshell', 'logs', '-f'],
    begin: ({ rig }) => eventually(() => assert.equal(rig.engine.listenerCount, 1)),
    isThere: async ({ rig, screen }) => {
      const seen = screen.written.split('probe_finished').length;
      rig.engine.emit('probe_finished', { passed: true } as never, { instance: 'pipe' });
      await eventually(() => assert.ok(screen.written.split('probe_finished').length > seen));
    },
    leave: ({ screen }) => screen.type(CTRL_C),
    keys: { 'Ctrl-C': 'outside', 'Ctrl-D': 'there', detach: 'there' },
    engineDies: 'outside',
    interrupted: 'outside',
  },
  'status --watch in the shell': {
    words: ['taskshell'],
    begin: async ({ screen }) => {
      screen.type('status --watch\r');
      await screen.shows(/NAME +STATE/);
    },
    isThere: async ({ rig, screen }) => {
      const state = /pipe +healthy/.test(screen.text) ? 'failed' : 'healthy';
      rig.engine.change('pipe', { state });
      rig.engine.emit('state_changed', { from: 'idle', to: state }, { instance: 'pipe' });
      await screen.shows(new RegExp(`pipe +${state}`));
    },
    leave: ({ screen }) => screen.type(`${CTRL_C}${CTRL_D}`),
    keys: { 'Ctrl-C': 'prompt', 'Ctrl-D': 'there', detach: 'there' },
    engineDies: 'prompt',
    interrupted: 'prompt',
  },
  'attached to a pipe': attachPipe,
  'attached to a terminal': attachTerminal,
  'attached from the shell': {
    ...attachTerminal,
    words: ['taskshell'],
    begin: async (scene) => {
      scene.screen.type('attach tty --stdin\r');
      await attachTerminal.begin?.(scene);
    },
    leave: ({ screen }) => screen.type(`${DETACH}${CTRL_D}`),
    keys: { 'Ctrl-C': 'there', 'Ctrl-D': 'there', detach: 'prompt' },
    engineDies: 'prompt',
    interrupted: 'prompt',
  },
  'the board': {
    words: ['taskboard'],
    begin: ({ screen }) => screen.shows(/\? help/),
    isThere: boardIsThere,
    leave: ({ screen }) => screen.type('q'),
    keys: { 'Ctrl-C': 'outside', 'Ctrl-D': 'there', detach: 'there' },
    engineDies: 'there',
    interrupted: 'outside',
  },
  'the board, attached': {
    ...attachTerminal,
    words: ['taskboard'],
    begin: async (scene) => {
      await scene.screen.shows(/\? help/);
      scene.screen.type('j');
      await scene.screen.shows(/tty output/);
      scene.screen.type('a');
      await attachTerminal.begin?.(scene);
    },
    leave: ({ screen }) => screen.type(`${DETACH}q`),
    keys: { 'Ctrl-C': 'there', 'Ctrl-D': 'there', detach: 'prompt' },
    engineDies: 'prompt',
    interrupted: 'prompt',
  },
};

async function begin(t: TestContext, { words, begin: go }: Situation): Promise<Scene> {
  const rig = await startRig(t, {}, new FakeEngine(anInstance('pipe'), anInstance('tty')));
  rig.engine.inputs.set('tty', 'terminal');
  const note = join(rig.folder, 'pid');
  const environment = {
    PS1: 'outside$ ',
    TASKMASTER_SOCKET: rig.path,
    XDG_STATE_HOME: rig.folder,
    PATH: `${dist}:${process.env.PATH}`,
    NO_COLOR: '1',
  };
  // A shell that leaves the terminal as it is.
  const screen = new Screen(t, ['/bin/dash', '-i'], { environment });
  await screen.shows(OUTSIDE);
  screen.type(`sh -c 'echo $$ >${note}; exec "$@"' - ${words.join(' ')}\r`);
  const scene = {
    rig,
    screen,
    pid: () => (existsSync(note) ? Number(readFileSync(note, 'utf8')) : 0),
  };
  if (words.length === 1 && words[0] === 'taskshell') await screen.shows(/taskshell>\s*$/);
  await go?.(scene);
  assert.ok(scene.pid() > 0);
  return scene;
}

/** Nothing of ours is left on it. */
async function isOutside({ screen }: Scene): Promise<void> {
  await screen.shows(OUTSIDE);
  await eventually(() => assert.deepEqual(screen.modes, []));
  screen.assertCooked();
}

async function is(scene: Scene, situation: Situation, where: 'there' | 'prompt' | 'outside'): Promise<void> {
  if (where === 'outside') return isOutside(scene);
  if (where === 'there') await situation.isThere(scene);
  else if (situation.words[0] === 'taskboard') await boardIsThere(scene);
  else await promptAnswers(scene);
  const isLeft = where === 'there' ? situation.leave : undefined;
  if (isLeft !== undefined) isLeft(scene);
  else scene.screen.type(situation.words[0] === 'taskboard' ? 'q' : CTRL_D);
  await isOutside(scene);
}

function isReleased({ rig }: Scene, { holds }: Situation): Promise<unknown> {
  return eventually(() => {
    if (holds !== undefined) assert.equal(rig.engine.holders.has(holds), false);
    assert.equal(rig.engine.listenerCount, 0);
  });
}

for (const [name, situation] of Object.entries(SITUATIONS)) {
  describe(name, { concurrency: 3 }, () => {
    for (const [key, where] of Object.entries(situation.keys)) {
      test(key, async (t) => {
        const scene = await begin(t, situation);
        scene.screen.type({ 'Ctrl-C': CTRL_C, 'Ctrl-D': CTRL_D, detach: DETACH }[key] ?? '');
        await is(scene, situation, where);
      });
    }

    if (situation.passesCtrlZ === true) {
      test('Ctrl-Z goes to the process', async (t) => {
        const scene = await begin(t, situation);
        scene.screen.type(CTRL_Z);
        await eventually(() => assert.ok(scene.rig.engine.written.some(({ text }) => text.includes(CTRL_Z))));
        await is(scene, situation, 'there');
      });
    }

    test('stopped, and continued by fg', async (t) => {
      const scene = await begin(t, situation);
      for (let times = 0; times < 2; times++) {
        if (situation.passesCtrlZ === true) process.kill(scene.pid(), 'SIGTSTP');
        else scene.screen.type(CTRL_Z);
        await isOutside(scene);
        scene.screen.type('fg\r');
        await eventually(() => assert.doesNotMatch(scene.screen.text, OUTSIDE));
        await eventually(() => assert.match(stateOf(scene.pid()), /[SR]/));
        if (!isSelfContained(situation)) await eventually(() => assert.ok(!scene.screen.stty.has('icanon')));
      }
      await is(scene, situation, 'there');
    });

    test('another size', async (t) => {
      const scene = await begin(t, situation);
      scene.screen.resize(60, 20);
      scene.screen.resize(100, 30);
      await is(scene, situation, 'there');
    });

    for (const signal of ['SIGTERM', 'SIGHUP', 'SIGQUIT'] as const) {
      test(signal, async (t) => {
        const scene = await begin(t, situation);
        process.kill(scene.pid(), signal);
        await isOutside(scene);
        await isReleased(scene, situation);
      });
    }

    test('SIGINT', async (t) => {
      const scene = await begin(t, situation);
      process.kill(scene.pid(), 'SIGINT');
      await is(scene, situation, situation.interrupted);
    });

    test('SIGKILL: the engine lets go', async (t) => {
      const scene = await begin(t, situation);
      process.kill(scene.pid(), 'SIGKILL');
      await isReleased(scene, situation);
    });

    test('the engine ends', async (t) => {
      const scene = await begin(t, situation);
      await scene.rig.server.close(0);
      await is(scene, situation, situation.engineDies);
    });

    test('the terminal is closed', async (t) => {
      const scene = await begin(t, situation);
      const pid = scene.pid();
      scene.screen.close();
      await eventually(() => assert.equal(existsSync(`/proc/${pid}`), false));
      await isReleased(scene, situation);
    });
  });
}

/** It has no modes of its own. */
function isSelfContained({ words }: Situation): boolean {
  return words.includes('logs');
}

function stateOf(pid: number): string {
  return /^State:\s+(\S)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';
}
