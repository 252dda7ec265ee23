/**
 * Runs the image that build.sh has made as the manifests have it run, in the lab: as the agent of the node with either
 * source, then as a sidecar. To be started by
 *
 *   npm run image
 */
import assert from 'node:assert/strict';
import { type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { V1Container, V1Probe } from '@kubernetes/client-node';
import { until } from '../lab/influx.ts';
import { reachable } from '../lab/kubeconfig.ts';
import { createLab, type Pod } from '../lab/lab.ts';
import { cpuSeconds, processesNamed, statusOf } from '../lab/processes.ts';
import { sh } from '../lab/shell.ts';
import { agent, build, environment } from '../manifests/built.ts';
import { type ImageConfig, runtimeConfig } from './container.ts';

const [out = ''] = process.argv.slice(2);
const image = (
  JSON.parse(readFileSync(join(out, 'config.json'), 'utf8')) as {
    OCIv1: { config: ImageConfig };
  }
).OCIv1.config;

// In the lab's own mount namespace: crun knows cgroups only as most nodes have them by now.
sh('mount', ['-t', 'cgroup2', 'cgroup2', '/sys/fs/cgroup']);
const lab = await createLab();
/** Options of crun. */
const RUNTIME = ['--root', join(lab.directory, 'crun'), '--cgroup-manager=disabled'];
try {
  const web = await lab.pod({ namespace: 'shop', name: 'web-0', ips: ['10.244.0.10'] });
  const db = await lab.pod({
    namespace: 'shop',
    name: 'db-0',
    ips: ['10.244.0.11', 'fd00:10:244::11'],
  });
  const own = await lab.pod({ namespace: 'nstats', name: 'nstats-x', ips: ['10.244.0.2'] });
  await db.serve(8080);
  web.traffic('send', '10.244.0.11', 8080, 2_000_000);

  // As the image is by itself: nobody, without a right.
  const bare = { name: 'nstats', securityContext: { capabilities: { drop: ['ALL'] } } };
  assert.match(await text(await ended(start('help', bare, own, {}, '--help'))), /^Usage:/m);
  await asAgent(own, [web, db], 'iftop');
  await asAgent(own, [web, db], 'bpf');
  await asSidecar(web);
  console.log('The image does what it should.');
} finally {
  await lab.end();
}

async function asAgent(own: Pod, pods: readonly Pod[], capture: 'iftop' | 'bpf'): Promise<void> {
  await lab.influx.query('DROP SERIES FROM nstat, nstat_pod');
  const manifests = build('overlays/influxdb1');
  const container = agent(manifests);
  const variables = {
    ...environment(manifests, container),
    ...lab.environment,
    CAPTURE: capture,
  };
  say(
    await text(await ended(start(`check-${capture}`, container, own, variables, '--check'))),
    'All is there.',
  );

  const child = start(`agent-${capture}`, container, own, variables);
  await until(async () => await probe(container.readinessProbe, own), 'readiness');
  // Its own pod is captured as well.
  const count = pods.length + 1;
  await lab.captures(count);
  await sleep(25_000);
  assert.ok(await probe(container.livenessProbe, own), 'it is alive');
  assert.ok(await isShown(`agent-${capture}`, 'web-0', 'db-0'), 'nstats top shows what passes');
  const captures = processesNamed(capture === 'bpf' ? 'nstats-bpf' : 'iftop');
  assert.equal(captures.length, capture === 'bpf' ? 1 : count);
  for (const { Uid, CapEff } of captures) {
    assert.match(`${Uid}`, /^6[1-5]\d{3}\b/);
    // NET_RAW; the helper has SYS_ADMIN and SYS_PTRACE, too.
    assert.equal(CapEff, capture === 'bpf' ? '0000000000282000' : '0000000000002000');
  }
  const daemon = statusOf(Number(captures[0]?.['PPid']));
  assert.ok(daemon);
  console.log(`${capture}: ${daemon['VmRSS']} of memory, ${cpuSeconds(daemon.pid)} s of CPU`);
  assert.equal(await end(child), 0);
  await sleep(500);

  for (const { name } of pods) {
    const [sums] = await lab.influx.query(
      `SELECT sum(sentBytes) + sum(receivedBytes) AS kernel,
              sum(sentAttributed) + sum(receivedAttributed) AS rows,
              sum(missingUncaptured) AS before FROM nstat_pod
       WHERE pod = '${name}'`,
    );
    const [kernel, rows, before] = ['kernel', 'rows', 'before'].map((name) => Number(sums?.[name]));
    // On a busy machine it takes a while until the captures begin.
    const share = (rows ?? NaN) / ((kernel ?? NaN) - (before ?? NaN));
    console.log(
      `${capture}: ${name}: ${sums?.['kernel']} bytes by the kernel, in rows ${share * 100} % of them`,
    );
    assert.ok(Math.abs(share - 1) < (capture === 'bpf' ? 0.001 : 0.02));
  }
  const edges = await lab.influx.query(
    "SELECT sum(sentBytes) AS bytes FROM nstat WHERE pod = 'web-0' GROUP BY peer_namespace, peer",
  );
  console.log(`${capture}:`, JSON.stringify(edges));
  assert.ok(edges.some(({ peer }) => peer === 'db-0'));
}

/** Whether `nstats top` shows what passes between two pods, as one runs it by kubectl exec. */
async function isShown(name: string, ...pods: readonly string[]): Promise<boolean> {
  const command = ['node', 'nstats.js', 'top', '--once', '-o', 'json'];
  // Where kubectl exec begins, too.
  const directory = ['--cwd', image.WorkingDir ?? '/'];
  const child = lab.processes.start('crun', [...RUNTIME, 'exec', ...directory, name, ...command], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { rows } = JSON.parse(await text(await ended(child))) as {
    rows: { pod: string; peer: string; sendRate: number; receiveRate: number }[];
  };
  console.log(`${name}: ${rows.length} rows in nstats top`);
  return rows.some(
    ({ pod, peer, sendRate, receiveRate }) =>
      pods.includes(pod) && pods.includes(peer) && sendRate + receiveRate > 0,
  );
}

async function asSidecar(pod: Pod): Promise<void> {
  await lab.influx.query('DROP SERIES FROM nstat');
  const manifests = build('sidecar/example');
  const container = agent(manifests);
  const child = start('sidecar', container, pod, {
    ...environment(manifests, container),
    ...lab.environment,
    POD_UID: pod.uid,
    POD_NAME: pod.name,
    POD_NAMESPACE: pod.namespace,
    POD_IPS: pod.ips.join(','),
    POD_WORKLOAD: '',
  });
  const rows = () => lab.influx.query(`SELECT * FROM nstat WHERE pod = '${pod.name}'`);
  await until(async () => (await rows()).length > 1, 'rows of the sidecar', 60);
  assert.ok(await probe(container.livenessProbe, pod), 'it is alive');
  for (const { CapEff, NoNewPrivs } of processesNamed('iftop'))
    assert.deepEqual([CapEff, NoNewPrivs], ['0000000000002000', '1']);
  assert.equal(await end(child), 0);
  const [row] = await rows();
  console.log('sidecar:', JSON.stringify(row));
  assert.equal(row?.['peer'], 'db-0');
}

/** Starts a container of the image in a pod. */
function start(
  name: string,
  container: V1Container,
  pod: Pod,
  environment: { readonly [name: string]: string },
  ...args: readonly string[]
): ChildProcess {
  const bundle = join(lab.directory, name);
  const account = join(bundle, 'account');
  mkdirSync(account, { recursive: true });
  const { server, ca, token } = reachable(lab.environment['KUBECONFIG'] ?? '');
  writeFileSync(join(account, 'token'), token);
  writeFileSync(join(account, 'ca.crt'), ca);
  const volumes = join(bundle, 'volumes');
  for (const volume of container.volumeMounts ?? [])
    mkdirSync(join(volumes, volume.name), { recursive: true });
  // What the manifests mount is where the image looks by default.
  const { KUBECONFIG: _, SPOOL_DIR: __, TOP_SOCKET: ___, ...others } = environment;
  const config = runtimeConfig({
    rootfs: join(out, 'rootfs'),
    image,
    container,
    args,
    environment: {
      ...others,
      KUBERNETES_SERVICE_HOST: server.hostname,
      KUBERNETES_SERVICE_PORT: server.port,
    },
    sandbox: pod.sandbox.pid,
    account,
    volumes,
  });
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(config));
  return lab.processes.start('crun', [...RUNTIME, 'run', '--bundle', bundle, name], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** Asks as the kubelet does. */
async function probe(wanted: V1Probe | undefined, pod: Pod): Promise<boolean> {
  const { path } = wanted?.httpGet ?? {};
  return (await fetch(`http://${pod.ips[0]}:9790${path}`)).ok;
}

async function ended(child: ChildProcess) {
  assert.ok(child.stdout);
  void once(child, 'exit').then(([code]) => {
    if (code !== 0) process.exitCode = 1;
  });
  return child.stdout;
}

function say(output: string, expected: string): void {
  console.log(output.trim());
  assert.ok(output.includes(expected));
}

/** Ends a container as the kubelet does, and resolves to its exit code. */
async function end(child: ChildProcess): Promise<number | null> {
  const exit = once(child, 'exit');
  child.stdout?.resume();
  child.kill('SIGTERM');
  return ((await exit) as [number | null])[0];
}
