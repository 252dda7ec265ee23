/** An API server and the agents of a crowd, in a process of its own; each agent is asked through an exec of its pod. */
import { writeFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { constants, createGzip } from 'node:zlib';

import type { Executed } from '../../lab/apiserver/exec.ts';
import { pod } from '../../lab/apiserver/objects.ts';
import { type ApiServer, startApiServer } from '../../lab/apiserver/server.ts';
import { selfSigned } from '../../lab/apiserver/tls.ts';
import { kubeconfigFor } from '../../lab/kubeconfig.ts';
import {
  helloOf,
  simulatedAgent,
  simulatedCluster,
  type SimulatedFlow,
} from '../../top/simulated-agent.ts';
import { answer } from '../api/channel.ts';
import { usage } from '../api/usage.ts';
import type { Size } from './crowd.ts';

export interface Wanted extends Size {
  readonly directory: string;
  /** The file to write. */
  readonly kubeconfig: string;
}

const LABELS = { 'app.kubernetes.io/name': 'nstats', 'app.kubernetes.io/component': 'agent' };
const GZIP = { flush: constants.Z_SYNC_FLUSH, level: constants.Z_BEST_SPEED };

let api: ApiServer | undefined;

answer({
  async start(argument) {
    const { directory, kubeconfig, agents, pods, peers } = JSON.parse(argument) as Wanted;
    const { nodes, flows } = simulatedCluster({ nodes: agents, pods, peers });
    const byNode = flowsByNode(flows);
    const tls = selfSigned(directory, ['127.0.0.1']);
    const run = (_command: readonly string[], { metadata }: { metadata: { name: string } }) => {
      const node = metadata.name.replace('nstats-', '');
      return executedAgent(node, agents, byNode.get(node) ?? []);
    };
    api = await startApiServer({ tls, exec: { run } });
    for (const nodeName of nodes) {
      const shape = { namespace: 'nstats', labels: LABELS, container: 'nstats', ips: ['10.0.0.1'] };
      api.store.put('pods', pod({ ...shape, name: `nstats-${nodeName}`, nodeName }));
    }
    writeFileSync(kubeconfig, kubeconfigFor(api.url, tls.ca, 't'));
  },
  /** Bytes that all agents have sent, as they go over their connections but for TLS. */
  bytes(): number {
    const execs = api?.requests.filter(({ path }) => path.includes('/exec?')) ?? [];
    return execs.reduce((sum, { bytes }) => sum + bytes, 0);
  },
  usage,
});

/** What `nstats top --raw` does in the container of an agent. */
function executedAgent(node: string, nodes: number, flows: readonly SimulatedFlow[]): Executed {
  const stop = new AbortController();
  const stdin = new PassThrough().on('finish', () => stop.abort()).resume();
  const stdout = simulatedAgent(helloOf(node, nodes), () => flows, stop.signal).pipe(
    createGzip(GZIP),
  );
  const { promise, resolve } = Promise.withResolvers<number>();
  stdout.on('error', () => {}).on('close', () => resolve(0));
  return { stdin, stdout, ended: promise };
}

/** The flows of which an end is on a node. */
function flowsByNode(flows: readonly SimulatedFlow[]): Map<string, SimulatedFlow[]> {
  const ends = flows.flatMap((flow) => {
    const nodes = [flow.from.node, 'node' in flow.to ? flow.to.node : flow.from.node];
    return [...new Set(nodes)].map((node) => ({ node, flow }));
  });
  const groups = Map.groupBy(ends, ({ node }) => node);
  return new Map([...groups].map(([node, own]) => [node, own.map(({ flow }) => flow)]));
}
