import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { iftopCommand } from '../lib/iftop/process.ts';
import { Session } from '../lib/iftop/session.ts';
import { encodeAgent } from '../lib/influx/encode.ts';
import { writer } from '../lib/influx/write.ts';
import { ApiError, type ApiClient } from '../lib/kubernetes/client.ts';
import { localPod, type KubernetesObject } from '../lib/kubernetes/records.ts';
import type { LocalPod } from '../lib/model.ts';
import { readCounters } from '../lib/netns/counters.ts';
import { enter } from '../lib/netns/enter.ts';
import { locate, netnsOf, podProcesses } from '../lib/netns/locate.ts';
import type { Config } from './config.ts';

export interface CheckOptions {
  readonly config: Config;
  readonly client: ApiClient;
  readonly proc: string;
  readonly print: (line: string) => void;
}

/** What was found good, or an error whose message says what is wrong; `fix` says what to do. */
interface Check {
  readonly name: string;
  readonly fix: (error: Error) => string;
  readonly run: () => Promise<string>;
}

const TIMEOUT = 10_000;

/** Tries once all that the daemon needs and prints what it found. Resolves to the exit code. */
export async function check(options: CheckOptions): Promise<number> {
  let failures = 0;
  for (const { name, fix, run } of checks(options)) {
    try {
      options.print(`ok    ${name}: ${await run()}`);
    } catch (cause) {
      const error = cause instanceof Error ? cause : new Error(String(cause));
      failures += 1;
      const what = error.name === 'AbortError' ? `no answer in ${TIMEOUT / 1000} s` : error.message;
      options.print(`FAIL  ${name}: ${what}\n      fix: ${fix(error)}`);
    }
  }
  options.print(failures === 0 ? 'All is there.' : `${failures} of these must be mended first.`);
  return failures === 0 ? 0 : 1;
}

function checks({ config, client, proc }: CheckOptions): Check[] {
  const get = (path: string) => client.get(path, AbortSignal.timeout(TIMEOUT));
  let local: LocalPod[] = [];
  const resource = (path: string): Check => ({
    name: `API server, ${path}`,
    fix: fixApi,
    run: async () => {
      (await get(`${path}?limit=1`)).destroy();
      (await get(`${path}?watch=1&timeoutSeconds=1&resourceVersion=0`)).destroy();
      return 'may list and watch';
    },
  });
  return [
    {
      name: 'capture',
      fix: fixCapture,
      run: async () => {
        const { packets } = await captureLoopback(proc);
        return `a namespace can be entered, iftop runs unprivileged and counted ${packets} bytes`;
      },
    },
    resource('/api/v1/pods'),
    resource('/api/v1/services'),
    resource('/api/v1/nodes'),
    {
      name: `pods of node ${config.node}`,
      fix: () => 'is NODE_NAME the name of this node as `kubectl get nodes` has it?',
      run: async () => {
        local = await podsOf(get, config.node);
        if (local.length === 0)
          throw new Error('the API server knows none with a network of its own');
        return `${local.length} with a network of their own`;
      },
    },
    {
      name: 'network namespaces',
      fix: () => 'the pod needs hostPID: true, and the capabilities SYS_PTRACE and SYS_ADMIN',
      run: async () => {
        const own = netnsOf(proc, 'self');
        const processes = podProcesses(proc);
        const found = local.filter((pod) =>
          locate(
            proc,
            pod,
            processes.get(pod.cgroupUid) ?? [],
            new Set(own === undefined ? [] : [own]),
          ),
        );
        if (local.length > 0 && found.length === 0)
          throw new Error(`none of ${local.length} pods was found in ${proc}`);
        return `${found.length} of ${local.length} pods found`;
      },
    },
    {
      name: `InfluxDB at ${config.influx.url}`,
      fix: () => fixInflux(config),
      run: async () => {
        const row = encodeAgent(config.node, Date.now(), { checks: { integer: 1 } });
        await writer(config.influx)([row]);
        return 'takes a row';
      },
    },
  ];
}

/** Enters our own namespace as any pod's would be, and lets iftop see some packets on `lo`. */
async function captureLoopback(proc: string): Promise<{ packets: number }> {
  const inode = netnsOf(proc, 'self') ?? 0;
  const child = enter(openSync(`${proc}/self/ns/net`, 'r'), iftopCommand('lo'));
  const session = await Session.start(child, {
    counters: () => readCounters(proc, inode, ['self'], 'lo'),
    unparsed: () => {},
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });
  const stop = new AbortController();
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const knock = setInterval(() => socket.send('nstats', socket.address().port, '127.0.0.1'), 100);
  const timer = sleep(1500).then(() => stop.abort());
  let packets = 0;
  try {
    for await (const { flows } of session.slots(stop.signal)) {
      for (const { sent, received } of flows) packets += sent.bytes + received.bytes;
    }
  } finally {
    clearInterval(knock);
    socket.close();
    await timer;
  }
  if (packets === 0) throw new Error('iftop runs but sees no packets on lo');
  return { packets };
}

async function podsOf(get: (path: string) => Promise<Readable>, node: string): Promise<LocalPod[]> {
  const query = new URLSearchParams({
    resourceVersion: '0',
    fieldSelector: `spec.nodeName=${node}`,
  });
  const list = (await json(await get(`/api/v1/pods?${query}`))) as {
    items?: KubernetesObject[];
  };
  return (list.items ?? []).map(localPod).filter((pod) => pod !== undefined);
}

function fixCapture(error: Error): string {
  const { message } = error;
  if (/ENOENT|\b12[67]\b/.test(message)) {
    return 'install iftop, util-linux (nsenter, setpriv) and coreutils (stdbuf)';
  }
  return 'run as root with the capabilities SYS_ADMIN, SYS_PTRACE, NET_RAW, SETUID, SETGID, SETPCAP, or privileged';
}

function fixApi(error: Error): string {
  if (!(error instanceof ApiError)) {
    return 'is KUBECONFIG right, or is this a pod with a service account?';
  }
  if (error.status === 401) return 'the token is not valid: is the service account mounted?';
  if (error.status === 403)
    return 'the service account needs get, list and watch on pods, services and nodes';
  return 'look at the API server';
}

function fixInflux({ influx }: Config): string {
  return influx.api === 2
    ? 'check INFLUX_URL, INFLUX_BUCKET, INFLUX_ORG and INFLUX_TOKEN; 1.x before 1.8 wants INFLUX_DATABASE instead'
    : 'check INFLUX_URL, INFLUX_USERNAME and INFLUX_PASSWORD; does INFLUX_DATABASE exist (CREATE DATABASE)?';
}
