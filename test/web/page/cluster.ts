import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { runWeb } from '../../../daemon/web/web.ts';
import { LiveReader } from '../../../lib/top/live-reader.ts';
import {
  helloOf,
  simulatedAgent,
  type SimulatedFlow,
  type SimulatedPod,
} from '../../top/simulated-agent.ts';

const NODES = ['node-1', 'node-2', 'node-3'];

/** Three agents that speak the real protocol, read as the plugin reads them, and the page's server. */
export class Cluster {
  /** What passes; may be changed at any time. */
  flows: readonly SimulatedFlow[];
  readonly #live = new LiveReader();
  readonly #ends = new Map<string, AbortController>();
  readonly #down = new Set<string>();
  readonly #stop = new AbortController();

  constructor(flows: readonly SimulatedFlow[]) {
    this.flows = flows;
    for (const node of NODES)
      void this.#live.follow(node, (signal) => this.#open(node, signal), this.#stop.signal);
  }

  /** Serves the page; resolves to its address. */
  async serve(signal = this.#stop.signal, port = 0): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const either = AbortSignal.any([signal, this.#stop.signal]);
    runWeb({ live: this.#live, port, signal: either, ready: resolve }).catch(reject);
    return promise;
  }

  /** Ends an agent, which is not there until it is started. */
  stopAgent(node: string): void {
    this.#down.add(node);
    this.#ends.get(node)?.abort();
  }

  startAgent(node: string): void {
    this.#down.delete(node);
  }

  end(): void {
    this.#stop.abort();
  }

  async #open(node: string, signal: AbortSignal) {
    if (this.#down.has(node)) throw new Error(`pod nstats-${node} is not there`);
    const end = new AbortController();
    this.#ends.set(node, end);
    const either = AbortSignal.any([signal, end.signal]);
    return simulatedAgent(helloOf(node, NODES.length), () => this.flows, either);
  }
}

export function pod(namespace: string, app: string, node = 1, name = `${app}-0`): SimulatedPod {
  return { namespace, pod: name, workload: `Deployment/${app}`, node: `node-${node}` };
}

/** A way to the server that can be cut. */
export class Way {
  readonly #sockets = new Set<Socket>();
  readonly #server;
  #isCut = false;

  /** To a port of this machine. */
  constructor(port: number) {
    this.#server = createServer((client) => {
      if (this.#isCut) return client.destroy();
      const server = connect(port, '127.0.0.1');
      for (const [socket, other] of [
        [client, server],
        [server, client],
      ] as const) {
        this.#sockets.add(socket);
        socket
          .on('error', () => {})
          .on('close', () => {
            this.#sockets.delete(socket);
            other.destroy();
          });
      }
      return client.pipe(server).pipe(client);
    });
  }

  async listen(): Promise<number> {
    this.#server.listen({ host: '127.0.0.1', port: 0 });
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#isCut = false;
  }

  end(): void {
    this.cut();
    this.#server.close();
  }
}
