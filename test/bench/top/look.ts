import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../../lab/lab.ts';
import { type Agents, type Capture, CAPTURES } from '../node/agent.ts';
import { inKernel } from '../node/bpf.ts';
import { megabytes, median, number, ratio } from '../node/figures.ts';
import type { Table } from '../result.ts';
import { view, type Viewed } from './viewer.ts';

/** What one looked at takes, in turns with nobody looking. */
export interface Looked {
  readonly capture: Capture;
  /** Of a core, turn by turn: the agent with its captures and its programs in the kernel. */
  readonly alone: readonly number[];
  readonly watched: readonly number[];
  readonly viewers: readonly Viewed[];
}

export interface LookOptions {
  readonly bundle: string;
  readonly turns: number;
  /** Milliseconds of each half of a turn. */
  readonly measure: number;
}

/** Both agents at the same time, on the same pods. */
export async function look(lab: Lab, agents: Agents, options: LookOptions): Promise<Looked[]> {
  return Promise.all(CAPTURES.map((capture) => lookAt(lab, agents, capture, options)));
}

async function lookAt(
  lab: Lab,
  agents: Agents,
  capture: Capture,
  { bundle, turns, measure }: LookOptions,
): Promise<Looked> {
  const { age, cgroup } = agents[capture];
  const reading = () => ({ at: age(), cpu: cgroup.cpu + inKernel(cgroup).seconds });
  const share = async (during: () => Promise<unknown>) => {
    const before = reading();
    await during();
    const after = reading();
    return (after.cpu - before.cpu) / ((after.at - before.at) / 1000);
  };
  const [alone, watched, viewers]: [number[], number[], Viewed[]] = [[], [], []];
  for (let turn = 0; turn < turns; turn += 1) {
    alone.push(await share(() => sleep(measure)));
    const during = async () =>
      void viewers.push(await view(lab, bundle, { capture, milliseconds: measure }));
    watched.push(await share(during));
  }
  return { capture, alone, watched, viewers };
}

export function lookTable(looked: readonly Looked[], pods: number, peers: number): Table {
  return {
    name: 'look',
    text:
      `${pods} pods that each talk to ${peers} others, both agents on the same pods at the same time, in turns with nobody ` +
      'looking and with one `nstats top --raw` in the agent’s container. CPU of the agent, its captures, and its programs in ' +
      'the kernel; medians of the turns.',
    head: ['', ...looked.map(({ capture }) => capture)],
    rows: [
      row('the agent alone, % of a core', ({ alone }) => percent(median(alone))),
      row('looked at, % of a core', ({ watched }) => percent(median(watched))),
      row('that is', ({ alone, watched }) => ratio(median(watched), median(alone))),
      row(
        '`nstats top --raw`, % of a core',
        each(({ cpu, seconds }) => cpu / seconds, percent),
      ),
      row(
        'its start, ms',
        each(({ startup }) => startup, number),
      ),
      row(
        'CPU of its start, ms',
        each(({ start }) => start * 1000, number),
      ),
      row(
        'its memory (PSS), MB',
        each(({ memory }) => memory, megabytes),
      ),
      row(
        'charged to the container at most, MB',
        each(({ charged }) => charged, megabytes),
      ),
      row(
        'frames, kB/s',
        each(({ plain, seconds }) => plain / seconds / 1000, number),
      ),
      row(
        'the same, gzipped, kB/s',
        each(({ zipped, seconds }) => zipped / seconds / 1000, number),
      ),
    ],
  };

  function row(name: string, cell: (one: Looked) => string): string[] {
    return [name, ...looked.map(cell)];
  }

  function each(of: (one: Viewed) => number, format: (value: number) => string) {
    return ({ viewers }: Looked) => format(median(viewers.map(of)));
  }
}

function percent(share: number): string {
  return number(share * 100, 2);
}
