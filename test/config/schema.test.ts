import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import { compileConfigValidator } from '../../src/build/config-validator.ts';
import { isSchemaObject, OWN_KEYWORDS, withoutOwnKeywords } from '../../src/build/shrink-schema.ts';
import { configReference } from '../../src/config/reference.ts';
import { configSchema } from '../../src/config/schema/schema.ts';
import { loadGood } from '../support/config-ports.ts';

/** Every key below a schema with its own schema. */
function* keysOf(
  schema: unknown,
  path = '',
): Generator<readonly [string, Readonly<Record<string, unknown>>]> {
  if (!isSchemaObject(schema)) return;
  for (const [name, child] of Object.entries(isSchemaObject(schema.properties) ? schema.properties : {})) {
    if (!isSchemaObject(child)) continue;
    yield [`${path}${name}`, child];
    yield* keysOf(child, `${path}${name}.`);
  }
  yield* keysOf(schema.additionalProperties, `${path}NAME.`);
  yield* keysOf(schema.items, `${path}[].`);
}

test('every key has a description, but soft and hard, which name themselves', () => {
  for (const [path, schema] of keysOf(configSchema)) {
    if (/\.(soft|hard|condition)$/.test(path)) continue;
    assert.equal(typeof schema.description, 'string', path);
  }
});

test('defaults and examples are valid values of their keys', () => {
  const ajv = new Ajv({ allowUnionTypes: true, strictTypes: false });
  ajv.addVocabulary([...OWN_KEYWORDS]);
  for (const [path, schema] of keysOf(configSchema)) {
    const validate = ajv.compile(schema);
    const examples = Array.isArray(schema.examples) ? schema.examples : [];
    for (const value of [...examples, ...('default' in schema ? [schema.default] : [])]) {
      assert.ok(validate(value), `${path}: ${JSON.stringify(value)}`);
    }
  }
});

test('the published schema is one for any reader of draft-07', () => {
  const published = withoutOwnKeywords(configSchema);
  assert.ok(isSchemaObject(published));
  assert.ok(!JSON.stringify(published).includes('"expected":'));
  const validate = new Ajv({ allowUnionTypes: true, strictTypes: false }).compile(published);
  assert.ok(validate({ processes: { web: { cmd: 'x', healthcheck: { tcp: 80 } } } }));
  assert.ok(!validate({ processes: { web: { cmd: 'x', nope: 1 } } }));
});

test('the compiled validator is the one of this schema', () => {
  const root = join(import.meta.dirname, '../..');
  const { code } = compileConfigValidator();
  assert.equal(
    readFileSync(join(root, 'src/generated/validate-config.js'), 'utf8'),
    code,
    'run npm run generate',
  );
  assert.doesNotMatch(code, /require\(|import /);
});

test('the reference names every key and its default', () => {
  const reference = configReference();
  for (const [path] of keysOf(configSchema)) {
    const name = path.split('.').at(-1) ?? '';
    if (!/\.(soft|hard)$/.test(path)) assert.ok(reference.includes(`| \`${name}\` |`), path);
  }
  assert.match(reference, /\| `stop_timeout` \| number or string \| `"5s"` \|/);
});

test('the examples of the reference are configurations', () => {
  const examples = [...configReference().matchAll(/`(\w+ = [^`]+)`/g)].map((match) => match[1] ?? '');
  assert.ok(examples.length > 10);
  for (const example of examples) {
    if (
      !/^(stop|depends_on|limits|env|groups|umask|autorestart|args|exit_codes|instances|capabilities|landlock) = [^…]*$/.test(
        example,
      )
    )
      continue;
    loadGood(`[processes.web]\ncmd = "x"\n${example.replaceAll('\\|', '|')}\n[processes.db]\ncmd = "x"\n`);
  }
});
