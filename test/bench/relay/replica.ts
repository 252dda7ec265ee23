import { createServer } from 'node:net';
import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { imageEnvironment } from '../../image/bundle.ts';
import { until } from '../../lab/influx.ts';
import { cpuSeconds, statusOf } from '../../lab/processes.ts';
import { kill } from '../../lab/shell.ts';
import { type Memory, memoryOf } from '../daemon/rest.ts';

/** `nstats relay` as a process of its own. */
export interface Replica {
  readonly host: string;
  readonly port: number;
  /** CPU seconds up to now. */
  cpu(): number;
  /** Bytes, now and (resident) at the most. */
  memory(): Memory & { readonly peak: number };
  /** A figure of /metrics, by its name without `nstats_relay_`, labels included. */
  metric(name: string): Promise<number>;
  end(): Promise<void>;
  /** At once, without waiting. */
  kill(): void;
}

interface ReplicaOptions {
  /** What is run: the bundle, or daemon/main.ts. */
  readonly main: string;
  readonly host: string;
  readonly port: number;
  readonly kubeconfig: string;
  readonly tls: { readonly cert: string; readonly key: string };
}

/** Starts a relay as the image does; it has listed everything when this resolves. */
export async function startReplica(options: ReplicaOptions): Promise<Replica> {
  const { main, host, port, kubeconfig, tls } = options;
  const probes = `${host}:${await freePort()}`;
  const child = spawn(process.execPath, [...profiling(), main, 'relay'], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      PATH: process.env['PATH'],
      ...imageEnvironment(),
      KUBECONFIG: kubeconfig,
      RELAY_LISTEN: `${host}:${port}`,
      RELAY_TLS_CERT: tls.cert,
      RELAY_TLS_KEY: tls.key,
      LISTEN: probes,
    },
  });
  const { pid = 0 } = child;
  const ask = async (path: string) => fetch(`http://${probes}${path}`);
  const isReady = async () => child.exitCode !== null || (await ask('/readyz')).ok;
  await until(isReady, 'the relay', 60);
  if (child.exitCode !== null) throw new Error(`the relay has ended with ${child.exitCode}`);
  return {
    host,
    port,
    cpu: () => cpuSeconds(pid),
    memory: () => ({ ...memoryOf(pid), peak: peakOf(pid) }),
    async metric(name) {
      const lines = (await (await ask('/metrics')).text()).split('\n');
      const line = lines.find((each) => each.startsWith(`nstats_relay_${name} `));
      return Number(line?.split(' ').at(-1));
    },
    kill: () => void child.kill('SIGKILL'),
    end: async () => void (await kill(child, 'SIGTERM')),
  };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

/** Unlike ru_maxrss, VmHWM is not handed down by the parent. */
function peakOf(pid: number): number {
  return Number.parseInt(String(statusOf(pid)?.['VmHWM'] ?? ''), 10) * 1024;
}

/** BENCH_PROFILE=directory has each relay write a profile of its CPU time there. */
function profiling(): string[] {
  const directory = process.env['BENCH_PROFILE'];
  return directory ? ['--cpu-prof', `--cpu-prof-dir=${directory}`] : [];
}
