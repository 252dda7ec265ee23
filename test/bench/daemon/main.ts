/**
 * What the daemon itself takes: how fast its stages are, how soon it starts, its CPU and memory at rest, and CPU,
 * memory and event loop with 110 busy pods, with each source. Prints a Result as JSON:
 *
 *   node test/lab/enter.ts test/bench/daemon/main.ts [--quick]
 */
import { makeBundle } from '../../image/bundle.ts';
import { createLab, type Pod } from '../../lab/lab.ts';
import { megabytes, number, ratio } from '../node/figures.ts';
import { FULL, grow, talk } from '../node/pods.ts';
import { progress } from '../progress.ts';
import type { Result, Table } from '../result.ts';
import { type Busy, whenBusy } from './busy.ts';
import { atRest, type Capture, CAPTURES, type Rest } from './rest.ts';
import { type Stage, stages } from './stages.ts';

const quick = process.argv.includes('--quick');
const SIZE = quick
  ? {
      loop: 20,
      starts: 1,
      rest: 8000,
      idle: 4000,
      pods: 12,
      settle: 5000,
      measure: 4000,
      delays: 2000,
    }
  : {
      loop: 200,
      starts: 3,
      // By then what the start has left behind is given back (daemon/pipeline.ts), and what is hot has been compiled.
      rest: 75_000,
      idle: 60_000,
      pods: FULL,
      // What is hot has been compiled.
      settle: 30_000,
      measure: 30_000,
      delays: 10_000,
    };
const IDLE = 10;

const say = progress('daemon');
say('its stages');
const found = stages(SIZE.loop);
using bundle = makeBundle(process.env['LAB_DIRECTORY']);
const lab = await createLab();
try {
  const pods: Pod[] = [];
  await grow(lab, pods, IDLE);
  say('start and rest');
  const rests = await atRest(lab, { bundle: bundle.main, ...SIZE });
  say(`${SIZE.pods} busy pods`);
  await grow(lab, pods, SIZE.pods);
  const traffic = await talk(lab, pods);
  const whenBusyWith = (capture: Capture) =>
    whenBusy(lab, { bundle: bundle.main, capture, ...SIZE });
  const busy = { iftop: await whenBusyWith('iftop'), bpf: await whenBusyWith('bpf') };
  traffic.end();
  const figures = { stages: found, rest: rests, pods: SIZE.pods, busy };
  const tables = [stageTable(found), restTable(rests), busyTable(busy)];
  console.log(JSON.stringify({ figures, tables } satisfies Result));
} finally {
  await lab.end();
}

function stageTable(all: readonly Stage[]): Table {
  return {
    name: 'stages',
    text: 'The stages of the daemon by themselves, in a second of CPU time, each beside the least that could be done with the same data.',
    head: ['stage', 'a second', 'beside it', 'a second', 'so many times as fast'],
    rows: all.map(({ name, unit, rate, reference, referenceRate }) => [
      `${name}: ${unit}`,
      number(rate),
      reference,
      number(referenceRate),
      ratio(referenceRate, rate),
    ]),
  };
}

function restTable(rests: readonly Rest[]): Table {
  return {
    name: 'rest',
    text: `From the start of the process until it says that it has started, and with ${IDLE} idle pods, ${SIZE.rest / 1000} s later, for ${SIZE.idle / 1000} s. CPU in % of a core.`,
    head: ['', 'start, ms', 'CPU, %', 'of its captures, %', 'RSS, MB', 'PSS, MB'],
    rows: rests.map(({ program, startup, cpu, rss, pss }) => [
      program,
      number(startup),
      percent(cpu.own, 2),
      percent(cpu.captures, 2),
      megabytes(rss),
      megabytes(pss),
    ]),
  };
}

function busyTable(busy: { readonly [capture in Capture]: Busy }): Table {
  return {
    name: 'busy',
    text:
      `${SIZE.pods} pods that each talk to up to 14 others, for ${SIZE.measure / 1000} s; ` +
      `how late timers were, for ${SIZE.delays / 1000} s of another start.`,
    head: [
      '',
      'CPU, % of a core',
      'event loop busy, %',
      'late: median, ms',
      'p99, ms',
      'most, ms',
      'RSS, MB',
      'PSS, MB',
    ],
    rows: [
      ...busyRows('the daemon', `its ${SIZE.pods} iftops`, busy.iftop),
      ...busyRows('the daemon with `CAPTURE=bpf`', `its ${CAPTURES.bpf}`, busy.bpf),
      ['a Node that does nothing', '', '', ...times(busy.bpf.delays.bare), '', ''],
    ],
  };
}

function busyRows(name: string, its: string, { agent, captures, loop, delays }: Busy): string[][] {
  const cpu = [agent.cpu, captures.cpu].map((share) => percent(share, 2));
  const [own = '', ofCaptures = ''] = cpu;
  const sizes = [megabytes(agent.rss), megabytes(agent.pss)];
  return [
    [name, own, percent(loop, 2), ...times(delays.agent), ...sizes],
    [its, ofCaptures, '', '', '', '', '', megabytes(captures.pss)],
  ];
}

function percent(share: number, digits: number): string {
  return number(share * 100, digits);
}

function times({ p50, p99, max }: Busy['delays']['bare']): string[] {
  return [p50, p99, max].map((each) => number(each, 1));
}
