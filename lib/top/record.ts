import type { View } from './view.ts';

/** A row for scripts: names as in InfluxDB, rates in bit/s. */
export function record(view: View) {
  return {
    namespace: view.namespace,
    pod: view.pod,
    workload: view.workload,
    node: view.node,
    peer_kind: view.peer_kind,
    peer_namespace: view.peer_namespace,
    peer: view.peer,
    peer_workload: view.peer_workload,
    port: view.port,
    sendRate: Math.round(view.now.send),
    receiveRate: Math.round(view.now.receive),
    sendRate10s: Math.round(view.mean10.send),
    receiveRate10s: Math.round(view.mean10.receive),
    sendRate40s: Math.round(view.mean40.send),
    receiveRate40s: Math.round(view.mean40.receive),
    sentBytes: Math.round(view.sentBytes),
    receivedBytes: Math.round(view.receivedBytes),
  };
}
