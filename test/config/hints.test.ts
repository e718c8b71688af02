/** Words of other tools: what the hint says to write is accepted when it is written. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PROCESS_WORDS } from '../../src/config/document/process-words.ts';
import {
  ENGINE_WORDS,
  HEALTHCHECK_WORDS,
  OUTPUT_WORDS,
  SECRET_WORDS,
  TOP_LEVEL_WORDS,
  VALUES_ELSEWHERE,
  type WordsElsewhere,
} from '../../src/config/document/words-elsewhere.ts';
import type { Problem } from '../../src/config/text/problem.ts';
import { load, problemsOf } from '../support/config-ports.ts';

const FILES = { files: { '/etc/tm/app.env': 'A=1\n' } };
const DB = '[processes.db]\ncmd = "y"\n';

/** Where a line can be: the document around it. */
const PLACES = {
  process: (line: string) => `[processes.web]\n${/^cmd\b/.test(line) ? '' : 'cmd = "x"\n'}${line}\n${DB}`,
  healthcheck: (line: string) => `[processes.web]\ncmd = "x"\n[processes.web.healthcheck]\n${line}\n${DB}`,
  output: (line: string) =>
    `[processes.web]\ncmd = "x"\n[processes.web.stdout]\n${/^file\b/.test(line) ? '' : 'file = "/x/y"\n'}${line}\n`,
  secret: (line: string) => `[processes.web]\ncmd = "x"\n[processes.web.env.A]\n${line}\n`,
  engine: (line: string) => `[engine]\n${line}\n${DB}`,
  top: (line: string) => `${line}\n${DB}`,
};
type PlaceName = keyof typeof PLACES;

/** What a hint says to write, or undefined for advice in words. */
function suggestionOf(hint: string | undefined): string | undefined {
  return /^write ([a-z_]+ = .*?)(?:; |$)/.exec(hint ?? '')?.[1];
}

function assertLoads(document: string, why: string): void {
  const loaded = load(document, FILES);
  assert.ok(loaded.ok, `${why}: ${JSON.stringify(loaded.ok || loaded.problems)}`);
}

const TABLES: readonly (readonly [PlaceName, WordsElsewhere])[] = [
  ['process', PROCESS_WORDS],
  ['healthcheck', HEALTHCHECK_WORDS],
  ['output', OUTPUT_WORDS],
  ['secret', SECRET_WORDS],
  ['engine', ENGINE_WORDS],
  ['top', TOP_LEVEL_WORDS],
];
for (const [place, words] of TABLES) {
  test(`each word of other tools in a ${place} has a hint that is accepted when it is written`, () => {
    for (const word of Object.keys(words)) {
      const problem = hintFor(PLACES[place](`${word} = 1`), word);
      assert.ok(problem?.hint !== undefined, word);
      const suggestion = suggestionOf(problem.hint);
      if (suggestion !== undefined) assertLoads(PLACES[place](suggestion), `${word}: ${problem.hint}`);
    }
  });
}

/** The problem with the word itself. */
function hintFor(document: string, word: string): Problem | undefined {
  return problemsOf(document, FILES).find(({ message }) => message === `unknown key ${JSON.stringify(word)}`);
}

test('each value of other tools has a hint that is accepted when it is written', () => {
  for (const [key, values] of Object.entries(VALUES_ELSEWHERE)) {
    for (const value of Object.keys(values)) {
      const [place, line] = placeOfValue(key, value);
      const [problem] = problemsOf(PLACES[place](line), FILES);
      const suggestion = suggestionOf(problem?.hint);
      assert.ok(suggestion !== undefined, `${line}: ${problem?.hint}`);
      const more = suggestion.includes('exit_when = "main"') ? '\nmain = "db"' : '';
      const whole = key === 'condition' ? `depends_on = {db = {${suggestion}}}` : `${suggestion}${more}`;
      assertLoads(PLACES[place](whole), line);
    }
  }
});

function placeOfValue(key: string, value: string): readonly [PlaceName, string] {
  if (key === 'condition') return ['process', `depends_on = {db = {condition = "${value}"}}`];
  if (key === 'on_unhealthy') return ['healthcheck', `${key} = "${value}"`];
  return [key === 'exit_when' ? 'engine' : 'process', `${key} = "${value}"`];
}

test('what the hints of broken lines say to write is accepted, too', () => {
  const fixtures = join(import.meta.dirname, '../fixtures/config');
  const files: readonly (readonly [string, PlaceName])[] = [
    ['process-lines.txt', 'process'],
    ['syntax-lines.txt', 'process'],
    ['healthcheck-lines.txt', 'healthcheck'],
    ['engine-lines.txt', 'engine'],
  ];
  let count = 0;
  const refused: string[] = [];
  for (const [file, place] of files) {
    for (const fixture of readFileSync(join(fixtures, file), 'utf8').split('\n')) {
      const at = fixture.lastIndexOf(' => ');
      if (at === -1 || fixture.startsWith('# ')) continue;
      const line = fixture.slice(0, at);
      const [problem] = problemsOf(PLACES[place](line), FILES);
      const said =
        /(?:^write|^without quotes:|^strings need quotes:|^put it in brackets:) ([a-z_]+ = .*?)(?:; |$)/;
      const suggestion = said.exec(problem?.hint ?? '')?.[1];
      // Of a nested table the hint shows the inner key, and a long text is cut.
      const isWhole = suggestion?.split(' ', 1)[0] === line.split(/[ :=]/, 1)[0];
      // `args` alone is refused for want of a cmd.
      if (place === 'healthcheck' && line.startsWith('args')) continue;
      if (suggestion === undefined || suggestion.includes('…') || !isWhole) continue;
      const after = load(PLACES[place](suggestion), FILES);
      const again = after.ok ? undefined : after.problems[0]?.message;
      if (!after.ok) refused.push(`${line}: ${problem?.hint}: ${again}`);
      count++;
    }
  }
  assert.deepEqual(refused, []);
  assert.ok(count > 20, `${count}`);
});

const NAMED: readonly (readonly [document: string, hint: RegExp])[] = [
  ['[program:web]\ncommand=/bin/x\n', /^write \[processes\.web\]$/],
  ['[ program: web ]\n', /^write \[processes\.web\]$/],
  ['[fcgi-program:php]\n', /^write \[processes\.php\]$/],
  ['[program:my web]\n', /^write \[processes\.NAME\]$/],
  ['[group:all]\nprograms=a,b\n', /taskshell restart/],
  ['[rpcinterface:supervisor]\n', /control socket/],
  ['[eventlistener:x]\n', /\[engine\.hooks\]/],
  ['[services.web]\nimage = "x"\n', /^write \[processes\.web\]$/],
  ['[services.web]\ncmd = "x"\n', /^write \[processes\.web\]$/],
  ['[Service]\nExecStart = "/bin/x"\n', /^write \[processes\.Service\]$|^write \[processes\.NAME\]$/],
  ['[[apps]]\nname = "api"\nscript = "a.js"\n', /^write \[processes\.api\]$/],
  ['[apps.api]\nscript = "a.js"\n', /^write \[processes\.api\]$/],
  ['[supervisord]\nnodaemon = true\n', /\[engine\]/],
  ['[unix_http_server]\nfile = "/run/x"\n', /\[engine\] with socket/],
  ['[default]\nuser = "www"\n', /\[defaults\]/],
  ['[web]\ncmd = "x"\n', /\[processes\.web\]/],
];
for (const [document, hint] of NAMED) {
  test(`${JSON.stringify(document.split('\n', 1)[0])} is told how it is written here`, () => {
    assert.match(problemsOf(document)[0]?.hint ?? '', hint);
  });
}

const SPELLINGS: readonly (readonly [line: string, hint: RegExp])[] = [
  ['PIDFile = "/run/x.pid"', /type = "forking"; with pid_file/],
  ['WorkingDirectory = "/srv"', /workingdir/],
  ['working_dir = "/srv"', /workingdir/],
  ['ExecStartPre = "/bin/x"', /pre_start = "/],
  ['ExecStartPost = "/bin/x"', /post_start = "/],
  ['ExecStop = "/bin/x"', /stop = \[\{cmd = "/],
  ['ExecStopPost = "/bin/x"', /post_exit = "/],
  ['preStop = "/bin/x"', /did you mean "pre_stop"/],
  ['ExecReload = "/bin/kill -HUP $MAINPID"', /reload_signal = "HUP"/],
  ['cron_restart = "0 0 * * *"', /with schedule = "0 4/],
  ['OnCalendar = "daily"', /schedule = "0 2/],
  ['cron = "0 2 * * *"', /schedule = "30 2/],
  ['OnUnitActiveSec = "10min"', /every = "10m"/],
  ['RandomizedDelaySec = 60', /splay = "5m"/],
  ['Persistent = true', /missed = "run-once"/],
  ['concurrencyPolicy = "Forbid"', /overlap = "skip"/],
  ['RunAtLoad = true', /run_on_start = true/],
  ['max_memory_restart = "1G"', /limits = \{data/],
  ['UMask = "022"', /did you mean "umask"/],
  ['User = "www"', /did you mean "user"/],
  ['StopSignal = "TERM"', /stop_signal/],
  ['exitcodes = [0]', /exit_codes/],
  ['environment = "A=1,B=\\"x y\\""', /^write env = \{A = "1", B = "x y"\}$/],
  ['environment = ["A=1", "B=x y"]', /^write env = \{A = "1", B = "x y"\}$/],
  ['Environment = "A=1 B=2"', /^write env = \{A = "1", B = "2"\}$/],
  ['environment = {A = "1"}', /^write env = /],
  ['env = "A=1,B=2"', /^write env = \{A = "1", B = "2"\}$/],
  ['env = ["A=1"]', /^write env = \{A = "1"\}$/],
  ['type = "notfy"', /notify/],
  ['autorestart = "unexpected"', /autorestart = "on-failure"/],
  ['depends_on = {db = "service_healthy"}', /^write db = "healthy"$/],
];
for (const [line, hint] of SPELLINGS) {
  test(`${line} is told how it is written here`, () => {
    const [problem] = problemsOf(PLACES.process(line));
    assert.match(problem?.hint ?? '', hint);
    const suggestion = suggestionOf(problem?.hint);
    if (suggestion !== undefined && !suggestion.startsWith('db'))
      assertLoads(PLACES.process(suggestion), line);
  });
}
