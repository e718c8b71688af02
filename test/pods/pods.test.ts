/** The examples for Kubernetes as real Pods. */

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { freePort, shellCommand } from '../support/engine-run.ts';
import { eventually } from '../support/eventually.ts';
import { type Manifest, Pod } from '../support/pod.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** What the health check of the examples looks for. */
const WELL = '/run/web-is-well';

/** Mounts a file as Kubernetes mounts its own, and ends for good when the engine does. @returns its path */
function mountTerminationLog(t: TestContext, { pod }: Manifest): string {
  const file = join(temporaryFolder(t), 'termination-log');
  writeFileSync(file, '');
  pod.spec.volumes?.push({ name: 'reason', hostPath: { path: file, type: 'File' } });
  const [container] = pod.spec.containers;
  container?.volumeMounts?.push({ name: 'reason', mountPath: '/dev/termination-log' });
  Object.assign(pod.spec, { restartPolicy: 'Never' });
  return file;
}

function configure({ configMap }: Manifest, toml: string): void {
  configMap.data['taskmaster.toml'] = toml;
}

/** A link to nowhere is not there for the health check, and cannot be touched when the program starts again. */
async function spoil(pod: Pod): Promise<void> {
  assert.equal((await pod.exec('ln', '-sf', '/nowhere/at/all', WELL)).code, 0);
}

async function mend(pod: Pod): Promise<void> {
  assert.equal((await pod.exec('sh', '-c', `rm ${WELL} && touch ${WELL}`)).code, 0);
}

test('pod.yaml: exec probes go true in turn, readiness follows health, and it stops in order inside the grace', async (t) => {
  const pod = new Pod(t, 'pod.yaml', 'app');
  await pod.probeSays('startupProbe', true, /completed once/);
  await pod.probeSays('readinessProbe', true, /every process/);
  await pod.probeSays('livenessProbe', true, /the engine works/);
  assert.deepEqual(
    [(await pod.see('migrate')).state, (await pod.see('web')).state, (await pod.see('worker')).state],
    ['completed', 'healthy', 'healthy'],
  );
  await spoil(pod);
  await pod.probeSays('readinessProbe', false, /^web is /);
  await pod.probeSays('startupProbe', true, /completed once/);
  await pod.probeSays('livenessProbe', true, /the engine works/);
  await eventually(async () => assert.equal((await pod.see('web')).restarts, 1), { withinMs: 20_000 });
  await mend(pod);
  await pod.probeSays('readinessProbe', true, /every process/);
  assert.equal(await pod.stop(), 0);
  const exits = pod.events('process_exited').map(({ instance }) => instance);
  assert.deepEqual(exits.slice(-2), ['worker', 'web']);
});

test('pod.yaml: before the start is over no probe is true but liveness; during the drain it is not ready', async (t) => {
  const pod = new Pod(t, 'pod.yaml', 'app', (manifest) =>
    configure(
      manifest,
      `[processes.web]\n${shellCommand('trap "" TERM; while [ ! -e /run/go ]; do sleep 0.05; done')}stop_timeout = "25s"\n` +
        '[processes.web.healthcheck]\ncmd = "test -e /run/well"\n',
    ),
  );
  await pod.ready();
  await pod.probeSays('startupProbe', false, /^web is healthcheck/);
  await pod.probeSays('readinessProbe', false, /^web is healthcheck/);
  await pod.probeSays('livenessProbe', true, /the engine works/);
  await pod.exec('touch', '/run/well');
  await pod.probeSays('readinessProbe', true, /every process/);
  pod.podman('kill', '--signal', 'TERM', pod.nameOf());
  await pod.probeSays('readinessProbe', false, /shutting down/);
  await pod.probeSays('livenessProbe', true, /the engine works/);
  await pod.exec('touch', '/run/go');
  assert.equal(await pod.exitCode(), 0);
});

test('a container that is restarted after a KILL replaces the socket that lies on its emptyDir', async (t) => {
  const pod = new Pod(t, 'pod.yaml', 'app');
  await pod.probeSays('readinessProbe', true, /every process/);
  pod.podman('kill', '--signal', 'KILL', pod.nameOf());
  pod.podman('wait', pod.nameOf());
  // The Pod's restart policy may have been quicker.
  pod.podman('start', pod.nameOf());
  await pod.probeSays('readinessProbe', true, /every process/);
  await eventually(() => assert.equal(pod.events('engine_listening').length, 2, pod.log));
  assert.equal(await pod.stop(), 0);
});

test('the termination log has the reason and the code of the process that ended the container', async (t) => {
  let file = '';
  const pod = new Pod(t, 'pod.yaml', 'app', (manifest) => {
    file = mountTerminationLog(t, manifest);
    configure(manifest, `[processes.web]\nessential = true\nautorestart = "no"\n${shellCommand('exit 3')}`);
  });
  assert.equal(await pod.exitCode(), 3);
  assert.match(readFileSync(file, 'utf8'), /^web \(essential\) ended: .*3.* \(engine exit code 3\)$/);
});

test('the termination log has the problems of a configuration that is bad', async (t) => {
  let file = '';
  const pod = new Pod(t, 'pod.yaml', 'app', (manifest) => {
    file = mountTerminationLog(t, manifest);
    configure(manifest, '[processes.web]\ncommand = "x"\n[engine]\ngrace = "soon"\n');
  });
  assert.equal(await pod.exitCode(), 78);
  const [first, ...problems] = readFileSync(file, 'utf8').split('\n');
  assert.equal(first, 'bad configuration, nothing was started (engine exit code 78)');
  assert.match(
    problems.join('\n'),
    /^\/etc\/taskmaster\/taskmaster\.toml:2:1: processes\.web\.command: .*\n.*toml:4:9: engine\.grace: /m,
  );
});

test('http-probes.yaml: the probes by HTTP, and metrics', async (t) => {
  const port = await freePort();
  const pod = new Pod(t, 'http-probes.yaml', 'app', ({ configMap, pod: { spec } }) => {
    // The machine's own network: another may use the port.
    configMap.data = Object.fromEntries(
      Object.entries(configMap.data).map(([name, text]) => [name, text.replaceAll('9180', String(port))]),
    );
    for (const container of spec.containers) {
      for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe'] as const) {
        const { httpGet } = container[probe] ?? assert.fail();
        if (httpGet !== undefined) Object.assign(httpGet, { port });
      }
    }
  });
  for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe'] as const) {
    await pod.probeSays(probe, true, /every process|the engine works/);
  }
  await spoil(pod);
  await pod.probeSays('readinessProbe', false, /^web is /);
  await eventually(async () => assert.equal((await pod.see('web')).restarts, 1), { withinMs: 20_000 });
  await mend(pod);
  await pod.probeSays('readinessProbe', true, /every process/);
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  assert.match(metrics, /^taskmaster_process_restarts_total\{process="web",name="web"\} 1$/m);
  assert.match(metrics, /^taskmaster_engine_info\{version="[^"]+",role="pid1"\} 1$/m);
  assert.equal(await pod.stop(), 0);
});

test('sidecar.yaml: what the sidecar runs comes up, is probed, and stops within the rest of the grace', async (t) => {
  const pod = new Pod(t, 'sidecar.yaml', 'sidecar');
  await pod.probeSays('startupProbe', true, /completed once/);
  await pod.probeSays('livenessProbe', true, /the engine works/);
  // The application has ended long since; the sidecar stays until it is told.
  await eventually(() => assert.equal(pod.inspect('.State.ExitCode', 'report'), '0'));
  assert.equal((await pod.see('shipper')).state, 'healthy');
  assert.equal(await pod.stop(), 0);
});

test('shared-process-namespace.yaml: not PID 1, the engine reaps its own orphans and ends with what is its own', async (t) => {
  const pod = new Pod(t, 'shared-process-namespace.yaml', 'app');
  await pod.probeSays('readinessProbe', true, /every process/);
  const { stdout } = await pod.shell('status', '--json');
  const { role, pid } = JSON.parse(stdout);
  assert.equal(role, 'subreaper');
  assert.ok(pid > 1, `pid ${pid}`);
  // An orphan of one of its processes: a grandchild that outlives its parent and then dies.
  const daemon = shellCommand('setsid sh -c "sleep 0.1; exit 7" & setsid sleep 4711 & sleep 0.05').trim();
  const toml = `[processes.web]\ncmd = ["sleep", "infinity"]\n[processes.parent]\ntype = "oneshot"\n${daemon}\n`;
  const write = `cat > /tmp/tm.toml <<'END'\n[engine]\nlog = "debug"\nsocket = "/tmp/tm.sock"\n${toml}END\n`;
  await pod.exec(
    'sh',
    '-c',
    `${write}taskmaster engine start /tmp/tm.toml >/tmp/log 2>&1 & echo $! >/tmp/pid`,
  );
  await eventually(async () => {
    const { stdout: log } = await pod.exec('cat', '/tmp/log');
    assert.match(log, /"orphan_reaped".*"code":7/);
  });
  // Brackets, so that the search does not find itself.
  const search = 'cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" "\\n" | grep -cx "471[1]"';
  const sleepers = async (): Promise<number> => Number((await pod.exec('sh', '-c', search)).stdout);
  assert.equal(await sleepers(), 1);
  await pod.exec('sh', '-c', 'kill "$(cat /tmp/pid)"');
  await eventually(async () => assert.equal(await sleepers(), 0));
  assert.equal(await pod.stop(), 0);
  assert.equal(pod.inspect('.State.Running', 'observer'), 'true');
});
