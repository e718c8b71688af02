/**
 * A real Pod, from a manifest as a cluster would get it: `podman kube play` runs it. Differences from Kubernetes: nobody
 * runs the probes (podman leaves that to systemd), so tests run what they say; terminationGracePeriodSeconds is ignored,
 * so tests give it to `podman stop`; and an init container with `restartPolicy: Always` is waited for like any other, so
 * it is run among the ordinary ones.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { TestContext } from 'node:test';
import { parseAllDocuments, stringify } from 'yaml';
import { eventually } from './eventually.ts';
import { RunningEngine, runToEnd, type ShellResult } from './running-engine.ts';
import { testImage } from './test-image.ts';

const examples = resolve(import.meta.dirname, '../../docker/examples/kubernetes');
const REPOSITORY = 'localhost/taskmaster-test';

/** Without a network and a systemd of its own, as on a machine for tests. */
const CONTAINERS_CONF = `[containers]
default_ulimits = ["nofile=10000:10000", "nproc=20000:20000"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
`;

export interface ProbeSpec {
  readonly exec?: { readonly command: readonly [string, ...string[]] };
  readonly httpGet?: { readonly path: string; readonly port: number };
  readonly periodSeconds?: number;
  readonly failureThreshold?: number;
}

export type ProbeName = 'startupProbe' | 'readinessProbe' | 'livenessProbe';

export type ContainerSpec = {
  name: string;
  image: string;
  command?: string[];
  restartPolicy?: string;
  imagePullPolicy?: string;
  ports?: { name: string; containerPort: number }[];
  volumeMounts?: { name: string; mountPath: string }[];
} & { [Name in ProbeName]?: ProbeSpec };

/** As far as the tests look at it. */
export interface PodDocument {
  kind: 'Pod';
  metadata: { name: string };
  spec: {
    hostNetwork?: boolean;
    shareProcessNamespace?: boolean;
    terminationGracePeriodSeconds?: number;
    initContainers?: ContainerSpec[];
    containers: ContainerSpec[];
    volumes?: { name: string; configMap?: { name: string }; hostPath?: { path: string; type: string } }[];
  };
}

export interface ConfigMapDocument {
  kind: 'ConfigMap';
  metadata: { name: string };
  data: Record<string, string>;
}

export interface Manifest {
  readonly configMap: ConfigMapDocument;
  readonly pod: PodDocument;
}

/** An example as it stands. */
export function readManifest(name: string): Manifest {
  const documents = parseAllDocuments(readFileSync(join(examples, name), 'utf8'));
  for (const document of documents) assert.deepEqual([...document.errors, ...document.warnings], []);
  const [configMap, pod] = documents.map((document) => document.toJS());
  return { configMap, pod };
}

export class Pod extends RunningEngine {
  readonly manifest: Manifest;
  readonly name: string;
  readonly #container: string;
  readonly #folder: string;
  readonly #env: NodeJS.ProcessEnv;

  /**
   * @param container the one that the engine runs in.
   * @param change of the manifest before it is played.
   */
  constructor(
    t: TestContext,
    file: string,
    container: string,
    change: (manifest: Manifest) => void = () => {},
  ) {
    super();
    this.manifest = readManifest(file);
    change(this.manifest);
    this.#folder = mkdtempSync(join(tmpdir(), 'taskmaster-pod-'));
    const conf = join(this.#folder, 'containers.conf');
    writeFileSync(conf, CONTAINERS_CONF);
    this.#env = { ...process.env, CONTAINERS_CONF: conf };
    this.name = `${this.manifest.pod.metadata.name}-${process.pid}-${this.#folder.slice(-6).toLowerCase()}`;
    this.#container = container;
    t.after(() => this.#remove());
    this.#play(this.#loadImage());
  }

  /** @param container another than the engine's, where it is given */
  nameOf(container = this.#container): string {
    return `${this.name}-${container}`;
  }

  shell(...words: readonly string[]): Promise<ShellResult> {
    return this.exec('taskshell', ...words);
  }

  exec(...command: readonly [string, ...string[]]): Promise<ShellResult> {
    return runToEnd('podman', ['exec', this.nameOf(), ...command], this.#env);
  }

  /** Runs what the manifest says of the probe. @returns whether the kubelet would count it as passed, and its line. */
  async probe(name: ProbeName): Promise<{ readonly passed: boolean; readonly said: string }> {
    const { spec } = this.manifest.pod;
    const container = [...(spec.initContainers ?? []), ...spec.containers].find(
      (one) => one.name === this.#container,
    );
    const { exec, httpGet } = container?.[name] ?? assert.fail(`${this.#container} has a ${name}`);
    if (exec !== undefined) {
      const { code, stdout } = await this.exec(...exec.command);
      return { passed: code === 0, said: stdout.trim() };
    }
    const { path, port } = httpGet ?? assert.fail(`${name} says how`);
    const { status, body } = await fetch(`http://127.0.0.1:${port}${path}`).then(
      async (response) => ({ status: response.status, body: await response.text() }),
      (error: Error) => ({ status: 0, body: error.message }),
    );
    return { passed: status >= 200 && status < 400, said: body.trim() };
  }

  /** Waits until the probe answers so. */
  async probeSays(name: ProbeName, passed: boolean, said: RegExp): Promise<void> {
    await eventually(
      async () => {
        const answer = await this.probe(name);
        assert.equal(answer.passed, passed, `${name}: ${answer.said}\n${this.log}`);
        assert.match(answer.said, said);
      },
      { withinMs: 20_000 },
    );
  }

  get log(): string {
    const script = 'podman logs "$0" 2>&1 >/dev/null';
    return execFileSync('sh', ['-c', script, this.nameOf()], { encoding: 'utf8', env: this.#env });
  }

  inspect(field: string, container?: string): string {
    return this.podman('inspect', '--format', `{{${field}}}`, this.nameOf(container));
  }

  /** Throws with what podman said. */
  podman(...args: readonly string[]): string {
    return execFileSync('podman', args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: this.#env,
    }).trim();
  }

  /** As the kubelet ends a container: TERM, and KILL after the Pod's grace. @returns its exit code */
  async stop(): Promise<number> {
    const { terminationGracePeriodSeconds = 30 } = this.manifest.pod.spec;
    this.podman('stop', '--time', String(terminationGracePeriodSeconds), this.nameOf());
    return await this.exitCode();
  }

  async exitCode(): Promise<number> {
    await eventually(() => assert.equal(this.inspect('.State.Running'), 'false', this.log), {
      withinMs: 30_000,
    });
    return Number(this.inspect('.State.ExitCode'));
  }

  /** Docker has made the image; podman gets it once, in place of earlier ones. */
  #loadImage(): string {
    const image = testImage();
    const here = `${REPOSITORY}:${image.split(':')[1]}`;
    const known = this.podman('images', '--format', '{{.Repository}}:{{.Tag}}', REPOSITORY).split('\n');
    if (known.includes(here)) return here;
    execFileSync('sh', ['-c', 'docker save "$0" | podman load --quiet', image], {
      stdio: 'ignore',
      env: this.#env,
    });
    for (const old of known.filter((name) => name !== '')) {
      // One that another test still runs stays.
      execFileSync('sh', ['-c', 'podman rmi "$0" || true', old], { stdio: 'ignore', env: this.#env });
    }
    return here;
  }

  #play(image: string): void {
    const { configMap, pod } = structuredClone(this.manifest);
    const { spec } = pod;
    spec.hostNetwork = true;
    spec.containers.push(...(spec.initContainers ?? []));
    delete spec.initContainers;
    for (const container of spec.containers) {
      container.image = image;
      container.imagePullPolicy = 'Never';
      delete container.restartPolicy;
      // The machine's network needs none opened.
      delete container.ports;
      for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe'] as const)
        delete container[probe];
    }
    configMap.metadata.name = this.name;
    pod.metadata.name = this.name;
    for (const volume of spec.volumes ?? []) if (volume.configMap) volume.configMap.name = this.name;
    const file = join(this.#folder, 'pod.yaml');
    writeFileSync(file, [configMap, pod].map((document) => stringify(document)).join('---\n'));
    this.podman('kube', 'play', file);
  }

  #remove(): void {
    const script =
      'podman pod rm --force --time 0 "$0"; podman volume ls --quiet | grep -F -e "$0" | xargs -r podman volume rm --force';
    execFileSync('sh', ['-c', script, this.name], { stdio: 'ignore', env: this.#env });
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
