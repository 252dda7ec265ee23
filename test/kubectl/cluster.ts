import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';

import { askAgents } from '../../daemon/kubectl/ask-agents.ts';
import type { Choice } from '../../daemon/kubectl/options.ts';
import { ofUser } from '../../lib/kubernetes/client/access.ts';
import type { AgentState, Live } from '../../lib/top/view.ts';
import { type Executed, executed } from '../lab/apiserver/exec.ts';
import { type PodOptions, pod } from '../lab/apiserver/objects.ts';
import { type ApiServer, type ApiServerOptions, startApiServer } from '../lab/apiserver/server.ts';
import { selfSigned } from '../lab/apiserver/tls.ts';
import { until } from '../lab/influx.ts';
import { kubeconfigFor } from '../lab/kubeconfig.ts';

/** The command of a container; undefined: it does not run. */
type Says = readonly string[] | undefined;

interface AgentOptions {
  readonly node: string;
  /** By default a simulated agent of the cluster. */
  readonly says?: Says;
  readonly pod?: string;
  readonly namespace?: string;
  readonly isRunning?: boolean;
}

interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A cluster of an API server and simulated agents, each asked through an exec that runs a real process. */
export interface Cluster {
  readonly api: ApiServer;
  readonly directory: string;
  /** Of all pods, in the order in which they were started. */
  readonly processes: readonly ChildProcess[];
  /** Makes a pod of the DaemonSet; returns what takes it away. */
  readonly agent: (options: AgentOptions) => () => void;
  /** Makes a pod that somebody may ask for. */
  readonly pod: (options: PodOptions) => void;
  /** Asks the agents in this process, until the test ends. */
  readonly ask: (choice?: Partial<Choice>, home?: string) => Promise<Live>;
  /** Runs kubectl nstats to its end. */
  readonly run: (...args: readonly string[]) => Promise<Run>;
  /** Starts it. */
  readonly start: (...args: readonly string[]) => ChildProcess;
}

const LABELS = {
  'app.kubernetes.io/name': 'nstats',
  'app.kubernetes.io/component': 'agent',
};
const AGENT = join(import.meta.dirname, 'agent-process.ts');
const MAIN = join(import.meta.dirname, '../../daemon/kubectl/main.ts');
const NOTHING: Choice = {
  node: undefined,
  namespace: undefined,
  workload: undefined,
  pod: undefined,
};

/** What a simulated agent's container runs, in a cluster of so many nodes. */
function agentCommand(node: string, nodes: number): readonly string[] {
  return [process.execPath, AGENT, node, `${nodes}`, '2', '1'];
}

/** `nodes`: how many each agent says there are. */
export async function startCluster(
  t: TestContext,
  nodes: number,
  options: Partial<ApiServerOptions> = {},
): Promise<Cluster> {
  const directory = mkdtempSync(join(tmpdir(), 'nstats-kubectl-'));
  const tls = selfSigned(directory, ['127.0.0.1']);
  const says = new Map<string, Says>();
  const processes: ChildProcess[] = [];
  const run = (_command: readonly string[], { metadata }: { metadata: { name: string } }) => {
    const [file, ...args] = says.get(metadata.name) ?? [];
    if (file === undefined) return undefined;
    const child = spawn(file, args, { stdio: 'pipe' });
    processes.push(child);
    return executed(child) satisfies Executed;
  };
  const api = await startApiServer({ tls, exec: { run }, ...options });
  const kubeconfig = join(directory, 'kubeconfig');
  writeFileSync(kubeconfig, kubeconfigFor(api.url, tls.ca, 't'));
  const stop = new AbortController();
  t.after(async () => {
    stop.abort();
    await api.close();
    for (const child of processes) child.kill('SIGKILL');
    rmSync(directory, { recursive: true });
  });
  const start = (...args: readonly string[]) => {
    const child = spawn(process.execPath, [MAIN, ...args], {
      env: { PATH: process.env['PATH'], KUBECONFIG: kubeconfig },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    processes.push(child);
    return child;
  };
  return {
    api,
    directory,
    processes,
    agent(agent) {
      const { node, namespace = 'nstats', isRunning = true } = agent;
      const { pod: name = `nstats-${node}` } = agent;
      says.set(name, 'says' in agent ? agent.says : agentCommand(node, nodes));
      const ips = isRunning ? ['10.0.0.9'] : [];
      const shape = { name, namespace, nodeName: node, labels: LABELS, container: 'nstats', ips };
      api.store.put('pods', pod(shape));
      return () => void api.store.remove('pods', name, namespace);
    },
    pod: (spec) => void api.store.put('pods', pod({ ips: ['10.0.1.1'], ...spec })),
    async ask(choice = {}, home) {
      const access = ofUser({ kubeconfig }, undefined);
      const given = { access, home, choice: { ...NOTHING, ...choice }, signal: stop.signal };
      return askAgents(given);
    },
    start,
    async run(...args) {
      const child = start(...args);
      const [stdout, stderr, [code]] = await Promise.all([
        text(child.stdout ?? []),
        text(child.stderr ?? []),
        once(child, 'close') as Promise<[number | null]>,
      ]);
      return { code, stdout, stderr };
    },
  };
}

/** What is known of an agent. */
export function stateOf(live: Live, node: string): Partial<AgentState> {
  return live.agents().find(({ agent }) => agent === node) ?? {};
}

/** Waits until agents answer. */
export async function untilLive(live: Live, ...nodes: readonly string[]): Promise<void> {
  const areLive = () => nodes.every((node) => stateOf(live, node).state === 'live');
  await untilSo(live, areLive, `${nodes.join()} to be live`);
}

/** Waits until an agent is lost for a reason. */
export async function untilLost(live: Live, node: string, why: RegExp): Promise<void> {
  const isSo = () => why.test(stateOf(live, node).reason ?? '');
  await untilSo(live, isSo, `${node} to be lost: ${why}`);
}

async function untilSo(live: Live, condition: () => boolean, what: string): Promise<void> {
  await until(condition, what).catch((cause: unknown) => {
    throw new Error(`${what}; ${JSON.stringify(live.agents())}`, { cause });
  });
}
