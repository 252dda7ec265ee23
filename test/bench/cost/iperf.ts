import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import type { Pod } from '../../lab/lab.ts';

/** What a run of iperf3 says of itself. */
export interface Run {
  /** Bits a second that the receiver took. */
  readonly rate: number;
  /** CPU seconds of the sender. */
  readonly cpu: number;
}

interface Report {
  readonly error?: string;
  readonly end: {
    readonly sum_received?: { readonly bits_per_second: number };
    readonly sum: { readonly bits_per_second: number };
    readonly cpu_utilization_percent: { readonly host_total: number };
  };
}

type Host = Pick<Pod, 'sandbox'>;

/** Starts a server; resolves when it listens. */
export async function serveIperf({ sandbox }: Host): Promise<void> {
  const { stdout } = sandbox.run(['iperf3', '--server', '--forceflush']);
  if (stdout) await once(stdout, 'data');
  stdout?.resume();
}

/**
 * Sends for so many seconds, `options` tell what.
 * @throws Error when iperf3 fails
 */
export async function iperf(
  { sandbox }: Host,
  address: string,
  seconds: number,
  ...options: readonly string[]
): Promise<Run> {
  const command = ['iperf3', '--client', address, '--time', `${seconds}`, '--json', ...options];
  const { stdout } = sandbox.run(command);
  if (!stdout) throw new Error('iperf3 has no stdout');
  const report = JSON.parse(await text(stdout)) as Report;
  if (report.error) throw new Error(`iperf3: ${report.error}`);
  const { sum_received: received, sum, cpu_utilization_percent: cpu } = report.end;
  const { bits_per_second: rate } = received ?? sum;
  return { rate, cpu: (cpu.host_total / 100) * seconds };
}
