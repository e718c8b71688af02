import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Level } from '../src/levels.ts';
import { levelOf } from '../src/line-level.ts';

const LINES: readonly (readonly [string, Level | undefined])[] = [
  // JSON
  ['{"level":30,"time":1,"msg":"pino"}', 'info'],
  ['{"level":10}', 'trace'],
  ['{"level":35}', 'info'],
  ['{"level":60}', 'fatal'],
  ['{"level":70}', 'fatal'],
  ['{"level":9}', undefined],
  ['{"level":3,"short_message":"GELF"}', 'error'],
  ['{ "msg": "x", "level": "warn" }', 'warn'],
  ['{"severity":"WARNING","message":"x"}', 'warn'],
  ['{"severity":"CRITICAL"}', 'fatal'],
  ['{"log.level":"error"}', 'error'],
  ['{"level":{"name":"warn"}}', undefined],
  ['{"level":"loud"}', undefined],
  ['{"level":"constructor"}', undefined],
  ['{"user":{"level":"error"},"level":"info"}', 'info'],
  ['{"msg":"\\"level\\":\\"error\\""}', undefined],
  ['{"level":"error"', undefined],
  ['{level: error}', undefined],
  // logfmt
  ['level=warn msg="disk is filling"', 'warn'],
  ['time="2026-11-25T03:00:00Z" level=error msg=x', 'error'],
  ['ts=1 lvl="dbg"', 'debug'],
  ['msg="set level=debug now" level=info', 'info'],
  ['msg="a \\" level=debug" level=warn', 'warn'],
  ['severity=NOTICE', 'info'],
  ['starting with level=debug', undefined],
  ['a=1 then level=debug', undefined],
  ['level=loud', undefined],
  [`${'a=1 '.repeat(300)}level=warn`, undefined],
  // syslog
  ['<4>careful', 'warn'],
  ['<0>everything is lost', 'fatal'],
  ['<7>x', 'debug'],
  ['<134>1 2026-11-25T03:00:00Z host app - - - x', 'info'],
  ['<192>x', undefined],
  ['<html>', undefined],
  ['<4', undefined],
  ['', undefined],
  ['plain text', undefined],
];
for (const [line, level] of LINES) {
  test(`${line.slice(0, 60) || 'nothing'} tells ${level ?? 'no level'}`, () => {
    assert.equal(levelOf(line).level, level);
  });
}

test('the prefix of sd-daemon(3) is no part of the message, the header of a syslog line is', () => {
  assert.equal(levelOf('<4>careful').prefixLength, 3);
  assert.equal(levelOf('<134>1 - - - - - - x').prefixLength, 0);
});
