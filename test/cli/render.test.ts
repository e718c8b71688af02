import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eventText } from '../../src/cli/logs/event-text.ts';
import { plainLine, TerminalFilter } from '../../src/cli/plain-text.ts';
import { sentence, table } from '../../src/cli/render.ts';
import { whyText } from '../../src/cli/status/why.ts';
import { anInstance } from '../support/fake-engine.ts';

const PLAIN = { colour: false, width: undefined };
const ESC = '\u001b';

const BACKOFF = anInstance('web:2', {
  state: 'backoff',
  health: 'none',
  pid: null,
  uptime_ms: null,
  restarts: 12,
  reason: 'exit code 1',
  retry_in_ms: 3_000,
  last_exit: {
    at: 1_700_000_000_000,
    status: { how: 'exited', code: 1 },
    requested: false,
    uptime_ms: 61_000,
  },
});

describe('a sentence', () => {
  test("is the seed's: nginx: healthcheck since 2 seconds", () => {
    const nginx = anInstance('nginx', { state: 'healthcheck', state_age_ms: 2_900 });
    assert.equal(sentence(nginx, PLAIN), 'nginx: healthcheck since 2 seconds');
  });

  test('tells what was dropped of its output, in every state', () => {
    const dropped_output = [
      { stream: 'stdout', bytes: 40, reason: '/log could not be written to' },
      { stream: 'stderr', bytes: 2, reason: 'nobody reads /fifo fast enough' },
    ];
    const web = anInstance('web', { state: 'healthy', dropped_output });
    assert.equal(sentence(web, PLAIN), 'web: healthy since 2 seconds; dropped 42 bytes of its output');
    assert.match(table([web], PLAIN)[1] ?? '', /dropped 42 bytes of its output$/);
    const report = { instance: web, chain: [], history: [], probes: [], last_output: [], next: 'nothing' };
    const told = whyText(report, PLAIN);
    assert.ok(told.includes('  dropped: 40 bytes of stdout: /log could not be written to'), told.join('\n'));
  });

  test('tells on which socket one listens, and why tells which has started it', () => {
    const reason = 'listens on http (0.0.0.0:80)';
    const listening = anInstance('api', { state: 'listening', health: 'none', pid: null, reason });
    assert.equal(sentence(listening, PLAIN), `api: listening since 2 seconds (${reason})`);
    const web = anInstance('web', { activated_by: 'http' });
    const report = { instance: web, chain: [], history: [], probes: [], last_output: [], next: 'nothing' };
    assert.ok(whyText(report, PLAIN).includes('  activated by: socket http'));
  });

  test('tells the reason where something is not as it should be', () => {
    assert.equal(sentence(BACKOFF, PLAIN), 'web:2: backoff since 2 seconds (exit code 1; next try in 3s)');
    const waiting = anInstance('api', { state: 'waiting', waiting_for: ['db to be healthy'] });
    assert.equal(sentence(waiting, PLAIN), 'api: waiting since 2 seconds (waits for db to be healthy)');
  });
});

describe('the table', () => {
  const instances = [
    anInstance('nginx', { uptime_ms: 3_723_000, pid: 12_345 }),
    BACKOFF,
    anInstance('job', {
      state: 'failed',
      health: 'none',
      pid: null,
      uptime_ms: null,
      reason: 'gave up',
      last_exit: {
        at: 1,
        status: { how: 'signalled', signal: 'SIGSEGV', core: true },
        requested: false,
        uptime_ms: 1,
      },
    }),
  ];

  test('is aligned', () => {
    assert.deepEqual(table(instances, PLAIN), [
      'NAME   STATE    HEALTH   PID    UPTIME  RESTARTS  LAST EXIT       REASON',
      'nginx  healthy  healthy  12345  1h02m   0         -',
      'web:2  backoff  -        -      -       12        1               exit code 1; next try in 3s',
      'job    failed   -        -      -       0         SIGSEGV (core)  gave up',
    ]);
  });

  test('never is wider than the terminal', () => {
    for (const line of table(instances, { colour: false, width: 60 })) assert.ok(line.length <= 60, line);
    assert.ok(table(instances, { colour: false, width: 60 })[2]?.endsWith('…'));
  });

  test('colours the state and nothing else, and lines up all the same', () => {
    const coloured = table(instances, { colour: true, width: undefined });
    assert.ok(coloured[1]?.startsWith(`nginx  ${ESC}[32mhealthy${ESC}[0m  healthy`));
    const stripped = coloured.map((line) => line.replaceAll(new RegExp(`${ESC}\\[\\d+m`, 'g'), ''));
    assert.deepEqual(stripped, table(instances, PLAIN));
  });
});

test('the story of an instance', () => {
  const instance = { ...BACKOFF, description: 'the web', consecutive_restarts: 3 };
  const report = {
    instance,
    history: [{ time: 1_700_000_000_000, from: 'healthy', to: 'backoff', reason: 'exit code 1' }],
    probes: [
      {
        started_at: 1_700_000_000_000,
        duration_ms: 12,
        passed: false,
        outcome: 'exit code 22',
        output: 'no\nroute\n',
      },
    ],
    last_output: [`${ESC}[2Jboom`],
    chain: [
      {
        id: 3,
        time: 0,
        level: 'warn',
        event: 'state_changed',
        instance: 'web:2',
        to: 'backoff',
        caused_by: 2,
      },
      {
        id: 2,
        time: 0,
        level: 'info',
        event: 'process_exited',
        instance: 'web:2',
        status: { how: 'exited', code: 1 },
      },
    ] as const,
    next: 'it is started again in 3s',
  };
  assert.deepEqual(whyText(report, PLAIN), [
    'web:2: backoff since 2 seconds (exit code 1; next try in 3s)',
    '  the web',
    '  reason: exit code 1',
    '  because: web:2 backoff ← web:2 exited with code 1',
    '  next: it is started again in 3s',
    '  wanted: up',
    '  restarts: 12 (3 in a row)',
    '  last exit: 2023-11-14T22:13:20.000Z  exit code 1 after 61 seconds',
    '  history:',
    '    2023-11-14T22:13:20.000Z  healthy -> backoff: exit code 1',
    '  health checks:',
    '    2023-11-14T22:13:20.000Z  failed after 12ms: exit code 22',
    '      | no',
    '      | route',
    '  last output:',
    '    | \\x1b[2Jboom',
  ]);
});

test('an event is one line, whatever is in it', () => {
  const text = eventText({
    id: 1,
    time: 1_700_000_000_000,
    level: 'warn',
    event: 'process_exited',
    instance: 'web',
    status: { how: 'exited', code: 1 },
    reason: `a\nb${ESC}[31m`,
  });
  assert.equal(
    text,
    '2023-11-14T22:13:20.000Z warn  process_exited web status={"how":"exited","code":1} reason="a\\nb\\u001b[31m"',
  );
});

describe('text of others', () => {
  test('no control character reaches the terminal', () => {
    const all = Array.from({ length: 0x2100 }, (_, code) => String.fromCharCode(code)).join('');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be there
    assert.doesNotMatch(plainLine(all), /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/);
    assert.equal(plainLine('a\tb\nc\u202e'), 'a\\tb\\nc\\u202e');
  });

  const hostile = `plain ${ESC}[31mred${ESC}[0m ${ESC}]0;title\u0007 ${ESC}[2J\r\nnext\rover é€ ${ESC}[1m`;
  const shown = (keepsColour: boolean, size: number): string => {
    const filter = new TerminalFilter(keepsColour);
    const bytes = Buffer.from(hostile);
    let text = '';
    for (let at = 0; at < bytes.length; at += size) text += filter.push(bytes.subarray(at, at + size));
    return text + filter.end();
  };

  test('colours pass, all else is shown, and colours are put back at the end', () => {
    assert.equal(
      shown(true, 1_000),
      `plain ${ESC}[31mred${ESC}[0m \\x1b]0;title\\x07 \\x1b[2J\nnext\\x0dover é€ ${ESC}[1m${ESC}[0m`,
    );
    assert.equal(shown(false, 1_000), 'plain red \\x1b]0;title\\x07 \\x1b[2J\nnext\\x0dover é€ ');
  });

  test('however the chunks fall', () => {
    for (let size = 1; size < 20; size++) {
      assert.equal(shown(true, size), shown(true, 1_000), `chunks of ${size}`);
      assert.equal(shown(false, size), shown(false, 1_000), `chunks of ${size}`);
    }
  });
});
