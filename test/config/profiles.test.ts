import assert from 'node:assert/strict';
import { test } from 'node:test';
import { profilesOf } from '../../src/config/checks/profiles.ts';
import { load, loadGood, problemsOf } from '../support/config-ports.ts';

const DOCUMENT =
  '[processes.web]\ncmd = "x"\n[processes.debug]\ncmd = "x"\nprofiles = ["debug", "full"]\n[processes.mail]\ncmd = "x"\nprofiles = ["full"]\n';

function namesWith(chosen: string | undefined): readonly string[] {
  const environment = chosen === undefined ? {} : { TASKMASTER_PROFILES: chosen };
  return [...loadGood(DOCUMENT, { environment }).processes.keys()];
}

test('a process with profiles is there only if one of them is chosen', () => {
  assert.deepEqual(namesWith(undefined), ['web']);
  assert.deepEqual(namesWith(''), ['web']);
  assert.deepEqual(namesWith('debug'), ['web', 'debug']);
  assert.deepEqual(namesWith('full'), ['web', 'debug', 'mail']);
});

test('several profiles have commas or spaces between them', () => {
  assert.deepEqual(profilesOf({ TASKMASTER_PROFILES: ' a,b  c, ' }), ['a', 'b', 'c']);
});

test('profiles may come from a template', () => {
  const document = '[templates.t]\nprofiles = ["full"]\n[processes.web]\nextends = "t"\ncmd = "x"\n';
  assert.equal(loadGood(document).processes.size, 0);
  assert.equal(loadGood(document, { environment: { TASKMASTER_PROFILES: 'full' } }).processes.size, 1);
});

test('a process that is not chosen is not resolved: its user may not exist in this container', () => {
  const document =
    '[processes.web]\ncmd = "x"\n[processes.b]\ncmd = "x"\nuser = "nobody-here"\nprofiles = ["p"]\n';
  assert.deepEqual([...loadGood(document).processes.keys()], ['web']);
  assert.equal(problemsOf(document, { environment: { TASKMASTER_PROFILES: 'p' } }).length, 1);
});

test('a process that depends on one that is not chosen is a problem that names the profile', () => {
  const document =
    '[processes.web]\ncmd = "x"\ndepends_on = ["db"]\n[processes.db]\ncmd = "x"\nprofiles = ["local"]\n';
  const [problem, ...more] = problemsOf(document);
  assert.equal(more.length, 0);
  assert.equal(problem?.line, 3);
  assert.equal(problem?.message, 'db is not there: none of its profiles is chosen');
  assert.equal(problem?.hint, 'choose one with --profile local, or give this one the same profiles');
  assert.ok(load(document, { environment: { TASKMASTER_PROFILES: 'local' } }).ok);
});

test('the main process cannot be one that is not chosen', () => {
  const document =
    '[engine]\nmain = "db"\n[processes.web]\ncmd = "x"\n[processes.db]\ncmd = "x"\nprofiles = ["local"]\n';
  assert.equal(problemsOf(document)[0]?.message, 'db is not there: none of its profiles is chosen');
});

test('a chosen profile that no process has is a warning with the one that is meant', () => {
  const { warnings } = loadGood(DOCUMENT, { environment: { TASKMASTER_PROFILES: 'ful' } });
  assert.deepEqual(warnings, ['/etc/tm/main.toml: no process has the profile "ful"; did you mean "full"?']);
});
