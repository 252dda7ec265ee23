import { type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KernelBytes } from '../../lib/model.ts';
import type { Issuer } from './apiserver/issuer.ts';
import { imageEnvironment } from '../image/bundle.ts';
import { executed } from './apiserver/exec.ts';
import { type ApiServer, startApiServer } from './apiserver/server.ts';
import {
  node,
  pod as podObject,
  service as serviceObject,
  type PodOptions,
} from './apiserver/objects.ts';
import { selfSigned } from './apiserver/tls.ts';
import { type Host, host, type Machine, talker } from './host.ts';
import { type Influx, startInflux, until } from './influx.ts';
import { kubeconfigFor } from './kubeconfig.ts';
import { collected, container, type Daemon, inherited } from './daemon.ts';
import { bindMachine } from './kubevirt.ts';
import {
  balance,
  buildNode,
  GATEWAY_MAC,
  NODE_IPS,
  plug,
  plugOutside,
  plugSecond,
  POD_CIDRS,
  takeAddresses,
  unplug,
} from './network.ts';
import { Sandbox } from './pod.ts';
import { hasPacketSocket, packetSockets, processesNamed } from './processes.ts';
import { Processes } from './shell.ts';

const NODE = 'lab-1';
/** What manifests/base/daemonset.yaml adds. */
const AGENT_CAPABILITIES = '+sys_admin,+sys_ptrace,+net_raw,+setuid,+setgid,+setpcap,+kill';
/** What manifests/base/daemonset.yaml has. */
const AGENT_LABELS = {
  'app.kubernetes.io/name': 'nstats',
  'app.kubernetes.io/component': 'agent',
};
const TOKEN = 'lab-token';
/** By which source the daemon captures, where a test says nothing else. */
export const SOURCE = process.env['LAB_CAPTURE'] === 'bpf' ? 'bpf' : 'iftop';
/** The daemon's program: that of the image, where many labs are built, since it starts in a quarter of the time. */
const BUNDLE = process.env['LAB_MAIN'];
export const MAIN = BUNDLE ?? join(import.meta.dirname, '../../daemon/main.ts');
const RAW = join(import.meta.dirname, 'raw.ts');

export type { Daemon, Machine };

type PodSpec = Omit<PodOptions, 'nodeName' | 'uid'> & {
  readonly ips: readonly string[];
  /** The node that it is on by the API, by default the lab's: all sandboxes are alike. */
  readonly node?: string;
  /** The API server has it as soon as it is bound to the node, before any of it is there. */
  readonly announced?: boolean;
  /** The counters of its eth0 do not have what it receives. */
  readonly redirected?: boolean;
  /** Its interface has no address, as in a sandbox of gVisor: packets bear its own hardware address, or this one. */
  readonly bare?: boolean | string;
};

/** A pod of the lab: its sandbox on the node and its object in the API. */
export interface Pod extends Host {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly ips: readonly string[];
  /** Sends by UDP past the kernel's network, as a bare pod has to. */
  raw(host: string, rate: number): ChildProcess;
  /** Starts the daemon as the DaemonSet's container, in a cgroup namespace of its own if it is `isolated`. */
  agent(isolated: boolean, ...args: readonly string[]): Daemon;
  /** Starts the daemon as a container of the pod, as root with CAP_NET_RAW, or with these capabilities, and nothing else. */
  sidecar(environment: { readonly [name: string]: string }, capabilities?: string): ChildProcess;
  /** Gives it one more interface, in a network beside the pods'; returns what takes that away. */
  plug(name: string, addresses: readonly string[]): () => void;
  /** Makes a virtual machine of it, as KubeVirt does with bridge binding. */
  virtualise(): Promise<Machine>;
  /**
   * Ends the pod as the kubelet would: first its processes, then, after `untold`, its object. Resolves to the IP bytes that
   * its eth0 had passed when it was taken away; undefined if it has none.
   */
  remove(untold?: () => Promise<unknown>): Promise<KernelBytes | undefined>;
}

/** A whole node with an API server, an InfluxDB and the outside world, inside enter.ts's walls. */
export interface Lab {
  readonly api: ApiServer;
  /** Resources that the daemon may neither list nor watch. */
  readonly denied: Set<string>;
  readonly influx: Influx;
  readonly processes: Processes;
  readonly directory: string;
  /** Without addresses it has no eth0 either. */
  pod(spec: PodSpec): Promise<Pod>;
  /** Starts traffic.ts on the node, outside all pods, as a pod on the host's network would. */
  traffic(...args: readonly (string | number)[]): ChildProcess;
  service(spec: {
    name: string;
    namespace: string;
    ips: readonly string[];
    port: number;
    backends: readonly string[];
  }): void;
  /** Makes the DaemonSet's pod on a node: an exec of `top --raw` in it asks the daemon that listens at this socket. */
  agentPod(nodeName: string, topSocket: string): void;
  /** A host beyond the node's network. */
  outside(addresses: readonly string[]): Promise<Host>;
  /** The environment that points the daemon at this lab. */
  readonly environment: { readonly [name: string]: string };
  /** Starts the daemon; its log lines are collected. */
  daemon(environment?: { readonly [name: string]: string }, ...args: readonly string[]): Daemon;
  /** Runs the daemon with --check to its end. */
  check(environment?: {
    readonly [name: string]: string;
  }): Promise<{ readonly code: number; readonly text: string }>;
  /** Waits until so many captures run. */
  captures(count: number): Promise<void>;
  end(): Promise<void>;
}

/**
 * Builds the lab. Must run inside of enter.ts. `main` is the program that it runs as the daemon; `issuer` makes tokens for
 * relays.
 */
export async function createLab(main = MAIN, issuer?: Issuer): Promise<Lab> {
  buildNode();
  const root = process.env['LAB_DIRECTORY'] ?? '';
  const cgroups = `${root}/cgroup/${process.env['LAB_NAME']}`;
  const directory = join(root, randomUUID());
  mkdirSync(directory);
  const processes = new Processes();
  // An address of the node, so that it can be reached out of the pods as well.
  const [address] = NODE_IPS;
  const denied = new Set<string>();
  const topSockets = new Map<string, string>();
  const tls = selfSigned(directory, [address]);
  const api = await startApiServer({
    host: address,
    tls,
    tokens: new Map([[TOKEN, 'system:serviceaccount:nstats:nstats']]),
    allowed: (_user, _verb, resource) => !denied.has(resource),
    ...(issuer && { issuer }),
    exec: {
      run([, , ...args], { metadata }) {
        const TOP_SOCKET = topSockets.get(metadata.name);
        if (TOP_SOCKET === undefined) return undefined;
        const env = { ...inherited(), TOP_SOCKET };
        const options = { env, stdio: 'pipe' as const };
        return executed(processes.start(process.execPath, [main, ...args], options));
      },
    },
  });
  const influx = await startInflux(directory, processes, { host: address });
  api.store.put('nodes', withCidrs(node({ name: NODE, addresses: NODE_IPS, zone: 'zone-a' })));
  const kubeconfig = join(directory, 'kubeconfig');
  writeFileSync(kubeconfig, kubeconfigFor(api.url, tls.ca, TOKEN));

  const sandbox = (uid: string) => Sandbox.create(cgroups, uid, processes);
  const environment = {
    NODE_NAME: NODE,
    KUBECONFIG: kubeconfig,
    INFLUX_URL: influx.url,
    INFLUX_DATABASE: influx.database,
    SPOOL_DIR: join(directory, 'spool'),
    TOP_SOCKET: join(directory, 'top.sock'),
    CAPTURE: SOURCE,
    ...(BUNDLE && imageEnvironment()),
  };
  const daemon: Lab['daemon'] = (extra = {}, ...args) => {
    const child = processes.start(process.execPath, [main, ...args], {
      env: { ...inherited(), ...environment, ...extra },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return collected(child);
  };
  const onNode = talker(([file = '', ...args]) =>
    processes.start(file, args, { stdio: ['ignore', 'pipe', 'inherit'] }),
  );
  return {
    api,
    denied,
    influx,
    processes,
    directory,
    environment,
    traffic: onNode.traffic,
    async pod({
      node: nodeName = NODE,
      announced = false,
      redirected = false,
      bare = false,
      ...spec
    }) {
      const uid = randomUUID();
      const bound = { ...spec, uid, nodeName };
      if (announced) api.store.put('pods', podObject({ ...bound, ips: [] }));
      const box = await sandbox(uid);
      const link = spec.ips.length > 0 ? plug(box.pid, spec.ips, redirected) : undefined;
      const isOther = typeof bare === 'string';
      const mac =
        bare === false ? '' : takeAddresses(box.pid, spec.ips, isOther ? bare : undefined);
      const object = podObject(bound);
      api.store.put('pods', object);
      const { name, namespace = 'default' } = spec;
      return {
        ...host(box),
        name,
        namespace,
        uid,
        ips: spec.ips,
        plug(iface, addresses) {
          const second = plugSecond(box.pid, iface, addresses);
          return () => unplug(second);
        },
        async virtualise() {
          const machine = await bindMachine(box.pid, spec.ips, processes);
          const enter = [`--net=/proc/${machine}/ns/net`];
          return talker((command) => {
            return processes.start('nsenter', [...enter, ...command], {
              stdio: ['ignore', 'pipe', 'inherit'],
            });
          });
        },
        raw(to, rate) {
          const from = spec.ips.find((ip) => ip.includes(':') === to.includes(':')) ?? '';
          return box.run([process.execPath, RAW, mac, GATEWAY_MAC, from, to, `${rate}`]);
        },
        agent(isolated, ...args) {
          const own = { ...environment, INTERVAL: '5s' };
          const command = container(own, AGENT_CAPABILITIES, main);
          const cgroup = isolated ? ['unshare', '--cgroup'] : [];
          return collected(box.run([...cgroup, ...command, ...args]));
        },
        sidecar(own, capabilities = '+net_raw') {
          return box.run(container(own, capabilities, main));
        },
        async remove(untold) {
          let passed: KernelBytes | undefined;
          await box.end(() => {
            if (!link) return;
            passed = box.passed();
            unplug(link);
          });
          await untold?.();
          // The kubelet reports that the containers have ended before the object is deleted.
          api.store.put('pods', { ...object, status: { ...object.status, containerStatuses: [] } });
          api.store.remove('pods', name, namespace);
          return passed;
        },
      };
    },
    service({ name, namespace, ips, port, backends }) {
      for (const ip of ips) {
        const family = backends.filter((backend) => backend.includes(':') === ip.includes(':'));
        balance(ip, port, family);
      }
      api.store.put(
        'services',
        serviceObject({ name, namespace, clusterIPs: ips, ports: [{ port }] }),
      );
    },
    agentPod(nodeName, topSocket) {
      const name = `nstats-${nodeName}`;
      topSockets.set(name, topSocket);
      const shape = { name, namespace: 'nstats', nodeName, container: 'nstats', hostNetwork: true };
      api.store.put('pods', podObject({ ...shape, labels: AGENT_LABELS, ips: NODE_IPS }));
    },
    async outside(addresses) {
      const box = await sandbox(randomUUID());
      plugOutside(box.pid, addresses);
      return host(box);
    },
    daemon,
    async check(extra) {
      const { process: child, log } = daemon(extra, '--check');
      const [code] = (await once(child, 'close')) as [number | null];
      return { code: code ?? NaN, text: log.join('\n') };
    },
    captures: (count) => until(() => countCaptures() === count, `${count} captures`),
    async end() {
      await processes.end();
      await api.close();
    },
  };
}

/** How many captures run: iftops, or interfaces that helpers count at. NaN while one is being started. */
export function countCaptures(isCounted: (pid: number) => boolean = () => true): number {
  const named = (name: string) => processesNamed(name).filter(({ pid }) => isCounted(pid));
  const iftops = named('iftop');
  const counted = named('nstats-bpf').map(({ pid }) => packetSockets(pid));
  if (!iftops.every(({ pid }) => hasPacketSocket(pid))) return NaN;
  return counted.reduce((sum, count) => sum + count, iftops.length);
}

function withCidrs(object: ReturnType<typeof node>): ReturnType<typeof node> {
  return { ...object, spec: { ...object.spec, podCIDR: POD_CIDRS[0], podCIDRs: POD_CIDRS } };
}
