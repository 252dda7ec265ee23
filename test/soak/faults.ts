import { setTimeout as sleep } from 'node:timers/promises';
import { tooManyRequests } from '../lab/apiserver/faults.ts';
import type { Lab } from '../lab/lab.ts';
import { processesNamed } from '../lab/processes.ts';
import type { Random } from '../lab/random.ts';

/** A fault, at most so long that nothing is lost by design. */
interface Fault {
  readonly name: string;
  /** In seconds; 0: it is over at once. */
  readonly most: number;
  begin(): unknown;
  end?(): unknown;
}

/** Faults of which one happens at a time; tracks run beside each other. */
export interface Track {
  readonly faults: readonly Fault[];
  /** Seconds between two faults. */
  readonly peace: { readonly least: number; readonly most: number };
}

/** A fault that has happened: milliseconds since 1970. */
export interface Span {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/** `capture`: what captures. */
export function tracks({ api, influx }: Lab, random: Random, capture: 'iftop' | 'bpf'): Track[] {
  const coin = () => random.between(0, 1) < 0.5;
  const spoil = (fault: Parameters<typeof api.fault>[0]) => {
    api.fault(fault);
    api.cut();
  };
  const cut = () => api.cut();
  // What has been spoiled would break off later, when nothing is said to be wrong.
  const mend = () => (api.fault(undefined), cut());
  const captures = {
    // The helper is of all pods: with it go up to ten seconds of all of them.
    peace: capture === 'bpf' ? { least: 180, most: 420 } : { least: 5, most: 20 },
    faults: [
      {
        name: 'capture killed',
        most: 0,
        begin: () => killOne(random),
      },
    ],
  };
  const database = {
    peace: { least: 5, most: 20 },
    faults: [
      { name: 'InfluxDB gone', most: 40, begin: () => influx.stop(), end: () => influx.start() },
      {
        name: 'InfluxDB stopped',
        most: 40,
        begin: () => signalInflux('SIGSTOP'),
        end: () => signalInflux('SIGCONT'),
      },
    ],
  };
  const server = {
    // Before the next fault everything is followed again, and what has waited is named.
    peace: { least: 25, most: 45 },
    faults: [
      {
        name: 'API down',
        most: 20,
        begin: () => api.down(),
        end: () => api.up({ restarted: false }),
      },
      {
        name: 'API forgetful',
        most: 15,
        begin: () => api.down(),
        end: () => api.up(),
      },
      { name: 'API cut', most: 0, begin: cut },
      { name: 'API goaway', most: 0, begin: () => api.goaway() },
      { name: 'API mute', most: 15, begin: () => api.mute(() => true), end: cut },
      { name: 'API frozen', most: 20, begin: () => api.freeze(), end: cut },
      {
        name: 'API overloaded',
        most: 20,
        begin: () => spoil(() => (coin() ? tooManyRequests : 'proceed')),
        end: mend,
      },
      {
        name: 'API breaking off',
        most: 20,
        begin: () => spoil(() => (coin() ? { cutAfter: 3000 } : 'proceed')),
        end: mend,
      },
    ],
  };
  return [server, database, captures];
}

/** One fault of a track after the other until the signal, when the last one is mended at once. */
export async function misbehave(
  { faults, peace }: Track,
  random: Random,
  signal: AbortSignal,
  happened: (span: Span) => void,
): Promise<void> {
  const pass = (seconds: number) => sleep(1000 * seconds, undefined, { signal }).catch(() => {});
  await pass(random.between(0, peace.most));
  while (!signal.aborted) {
    const fault = random.of(faults);
    const from = Date.now();
    await fault.begin();
    await pass(random.between(fault.most / 6, fault.most));
    await fault.end?.();
    happened({ name: fault.name, from, to: Date.now() });
    await pass(random.between(peace.least, peace.most));
  }
}

function killOne(random: Random): void {
  const captures = ['iftop', 'nstats-bpf'].flatMap(processesNamed);
  if (captures.length === 0) return;
  try {
    process.kill(random.of(captures).pid, 'SIGKILL');
  } catch (error) {
    // The process has ended by itself meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function signalInflux(signal: NodeJS.Signals): void {
  for (const { pid } of processesNamed('influxd')) process.kill(pid, signal);
}
