import { resourcesOf } from '../../lib/kubernetes/follow-cluster.ts';
import { Problems } from '../../daemon/log.ts';
import { statistics } from '../../lib/report/statistics/all.ts';
import { exposition } from '../../daemon/http/metrics/exposition.ts';
import { NodeCapture } from '../../lib/capture/node-capture.ts';
import { printer } from '../../daemon/printer.ts';
import { localSubject, Sync } from '../../lib/kubernetes/sync.ts';
import { type NamedWindow, Totals } from '../../lib/report/totals.ts';
import { Directory } from '../../lib/naming/directory.ts';
import type { Edge, Traffic } from '../../lib/model.ts';
import { parse } from './exposition.ts';

export const NODE = 'lab-1';
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

/** The objects that statistics are read from, and a scrape of them. */
export function agent(flows: ConstructorParameters<typeof Totals>[0] = 'none') {
  const problems = new Problems(quiet);
  const options = {
    proc: '/proc',
    interfaces: ['eth0'],
    log: quiet,
    problems,
    sidecar: false,
    cpuBudget: 1,
  };
  const capture = new NodeCapture(options);
  const totals = new Totals(flows);
  const directory = new Directory();
  const sync = new Sync([...resourcesOf({ sidecar: undefined }), localSubject(NODE)]);
  const figures = { requests: 0, bytes: 0, connections: 0 };
  const client = { figures };
  const relay = { figures, isDirect: false };
  const sink = { figures: printer(() => {}).figures };
  const { cpu } = capture;
  const sources = { capture, totals, directory, sync, client, relay, sink, cpu, proc: '/proc' };
  const text = exposition(statistics, sources);
  const metrics = () => text.metrics();
  const scrape = async () => parse(await metrics()).values;
  return { ...sources, metrics, scrape };
}

/** A window in which nothing happened but this. */
export function window(change: Partial<NamedWindow> = {}): NamedWindow {
  const nothing = { unknown: [], late: false, certain: true, rows: [] };
  const { traffic = [] } = change;
  return { end: 5000, pods: traffic, traffic, ...nothing, ...change };
}

/** A pod's part of a window: bytes to peers, and some for each reason why others are missing. */
export function traffic(namespace: string, edges: readonly Edge[]): Traffic {
  const local = { uid: '', cgroupUid: '', namespace, name: 'a', workload: '-', ips: [] };
  const sum = (of: 'sent' | 'received') => edges.reduce((total, edge) => total + edge[of], 0);
  const attributed = { sent: sum('sent'), received: sum('received') };
  return {
    pod: local,
    iface: 'eth0',
    end: 5000,
    edges,
    attributed,
    kernel: { sent: 100, received: 50, sentPackets: 1, receivedPackets: 1 },
    uncounted: { sent: 0, received: 0 },
    missing: { uncaptured: 5, overload: 3, paused: 1, other: 2 },
    overloaded: false,
    paused: false,
  };
}
