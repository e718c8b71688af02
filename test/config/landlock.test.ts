import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LandlockRules } from '../../src/config/resolved-config.ts';
import { ofInstance } from '../../src/config/text/instance-text.ts';
import { asRoot, load, loadGood, loadWeb, problemsOf } from '../support/config-ports.ts';

const web = (line: string): string => `[processes.web]\ncmd = "x"\nlandlock = ${line}\n`;

function rulesOf(line: string): LandlockRules | undefined {
  return loadWeb(web(line)).spawn.landlock;
}

const onVersion = (version: number) => ({ self: { ...asRoot, landlockVersion: () => version } });

test('paths are relative to the file, may be absent with a `-`, and are all else as written', () => {
  assert.deepEqual(rulesOf('{read = ["/usr", "data", "-/lib64", "-lib"], write = []}'), {
    read: ['/usr', '/etc/tm/data', '-/lib64', '-/etc/tm/lib'],
    write: [],
    isRequired: false,
  });
  assert.equal('landlock' in loadWeb('[processes.web]\ncmd = "x"\n').spawn, false);
});

test('paths and ports may differ from copy to copy', () => {
  const process = loadWeb(
    `[processes.web]\ncmd = "x"\ninstances = 2\nlandlock = {write = ["/data/\${instance}"], bind_tcp = ["\${instance + 8000}", 80]}\n`,
  );
  const { write, bindTcp } = ofInstance(process, 2).spawn.landlock ?? {};
  assert.deepEqual([write, bindTcp], [['/data/2'], ['8002', 80]]);
});

for (const [line, message] of [
  ['{}', 'it restricts nothing'],
  ['{required = true}', 'it restricts nothing'],
  ['{read = ["-"]}', 'found "-"'],
  ['{read = "/srv"}', 'found "/srv"'],
  ['{bind_tcp = [65536]}', 'found 65536'],
  ['{bind_tcp = ["http"]}', 'found "http"'],
  [`{bind_tcp = ["\${instance + 65535}"]}`, 'found "65536"'],
  ['{read = [], paths = ["/srv"]}', 'unknown key "paths"'],
] as const)
  test(`landlock = ${line} is refused`, () => {
    const [problem, ...more] = problemsOf(web(line));
    assert.equal(problem?.line, 3);
    assert.equal(problem?.message.startsWith(message), true, problem?.message);
    assert.deepEqual(more, []);
  });

test('a template and a process give its keys together', () => {
  const document = `[templates.t]\nlandlock = {read = ["/usr"], write = ["/tmp"]}
[processes.web]\nextends = "t"\ncmd = "x"\nlandlock = {write = ["/srv"], bind_tcp = [80]}\n`;
  assert.deepEqual(loadWeb(document).spawn.landlock, {
    read: ['/usr'],
    write: ['/srv'],
    bindTcp: [80],
    isRequired: false,
  });
});

for (const [version, line, sentence] of [
  [
    0,
    '{read = ["/usr"], bind_tcp = [80]}',
    'this kernel has no Landlock, or the container may not use it; it cannot restrict paths, truncation of files, bind_tcp',
  ],
  [
    1,
    '{read = ["/usr"]}',
    'this kernel has version 1 of Landlock; it cannot restrict truncation of files (version 3)',
  ],
  [
    3,
    '{read = ["/usr"], connect_tcp = []}',
    'this kernel has version 3 of Landlock; it cannot restrict connect_tcp (version 4)',
  ],
] as const) {
  test(`what version ${version} cannot do of ${line} is warned of by line, or refused if it is required`, () => {
    const { warnings, processes } = loadGood(web(line), onVersion(version));
    const rest = version === 0 ? 'The process runs without it' : 'The rest applies';
    assert.deepEqual(warnings, [`/etc/tm/main.toml:3: processes.web.landlock: ${sentence}. ${rest}`]);
    assert.notEqual(processes.get('web')?.spawn.landlock, undefined);
    const [problem, ...more] = problemsOf(web(line.replace('}', ', required = true}')), onVersion(version));
    assert.deepEqual([problem?.line, problem?.message, more], [3, sentence, []]);
  });
}

test('a kernel that can do all of it is not mentioned, nor asked by a process that wants nothing', () => {
  const all = '{read = ["/usr"], write = ["/tmp"], connect_tcp = [1], bind_tcp = [1], required = true}';
  assert.deepEqual(loadGood(web(all), onVersion(4)).warnings, []);
  const self = { ...asRoot, landlockVersion: () => assert.fail('it was asked') };
  assert.equal(load('[processes.web]\ncmd = "x"\n', { self }).ok, true);
});
