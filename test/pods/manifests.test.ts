/** What no Pod runner here can show of the examples: that they say what Kubernetes needs to be told. */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { loadGood } from '../support/config-ports.ts';
import { type ContainerSpec, readManifest } from '../support/pod.ts';

const folder = resolve(import.meta.dirname, '../../docker/examples/kubernetes');
const MANIFESTS = readdirSync(folder).filter((name) => name.endsWith('.yaml'));

for (const name of MANIFESTS) {
  const { configMap, pod } = readManifest(name);
  const { spec } = pod;
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  const { engine, warnings } = loadGood(configMap.data['taskmaster.toml'] ?? '');

  test(`${name}: the configuration is good, without a warning, and its grace fits into the Pod's`, () => {
    assert.deepEqual(warnings, []);
    const { terminationGracePeriodSeconds: seconds = 30 } = spec;
    assert.ok(engine.graceMs <= seconds * 1_000, `${engine.graceMs} ms in ${seconds} s`);
  });

  test(`${name}: volumes, ports and containers fit together`, () => {
    const volumes = new Set((spec.volumes ?? []).map((volume) => volume.name));
    for (const { name: container, image, command, volumeMounts = [] } of containers) {
      assert.equal(image, 'taskmaster-example');
      if (command?.[0] !== 'taskmaster') continue;
      assert.deepEqual(
        command,
        ['taskmaster', 'engine', 'start', '/etc/taskmaster/taskmaster.toml'],
        container,
      );
      for (const mount of volumeMounts) assert.ok(volumes.has(mount.name), `${container}: ${mount.name}`);
    }
    assert.ok(volumes.has('config'));
    assert.deepEqual(
      (spec.volumes ?? []).flatMap(({ configMap: source }) => source?.name ?? []),
      [configMap.metadata.name],
    );
  });

  test(`${name}: each probe asks its own question`, () => {
    const questions = { startupProbe: 'startup', readinessProbe: 'ready', livenessProbe: 'live' } as const;
    for (const container of containers as readonly ContainerSpec[]) {
      for (const [probe, question] of Object.entries(questions)) {
        const { exec, httpGet } = container[probe as keyof typeof questions] ?? {};
        if (exec !== undefined) assert.deepEqual(exec.command, ['taskshell', 'health', `--${question}`]);
        if (httpGet === undefined) continue;
        assert.equal(httpGet.path, `/${question}z`);
        // The kubelet asks at the Pod's address: a listener on the loopback would never be reached.
        assert.deepEqual(engine.http, { host: '0.0.0.0', port: httpGet.port });
      }
    }
  });
}

test('sidecar.yaml: a restartable init container with a startup probe, beside a container that ends', () => {
  const { pod } = readManifest('sidecar.yaml');
  const [sidecar] = pod.spec.initContainers ?? [];
  assert.equal(sidecar?.restartPolicy, 'Always');
  assert.ok(sidecar.startupProbe !== undefined, 'or the application would start before it is up');
  assert.equal(pod.spec.containers.length, 1);
});

test('the README of the examples names each of them', () => {
  const text = readFileSync(join(folder, 'README.md'), 'utf8');
  for (const name of MANIFESTS) assert.ok(text.includes(`\`${name}\``), name);
});
