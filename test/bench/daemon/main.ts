/**
 * What the daemon itself takes: how fast its stages are, how soon it starts, its memory at rest, and CPU,
 * memory and event loop with 110 busy pods. Prints a Result as JSON:
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
import { atRest, type Rest } from './rest.ts';
import { type Stage, stages } from './stages.ts';

const quick = process.argv.includes('--quick');
const SIZE = quick
  ? { loop: 20, starts: 1, rest: 8000, pods: 10, settle: 5000, measure: 4000, delays: 2000 }
  : {
      loop: 200,
      starts: 3,
      // By then what the start has left behind is given back (daemon/pipeline.ts).
      rest: 20_000,
      pods: FULL,
      // What is hot has been compiled.
      settle: 30_000,
      measure: 30_000,
      delays: 10_000,
    };
const IDLE = 2;

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
  const busy = await whenBusy(lab, { bundle: bundle.main, ...SIZE });
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
    text: `From the start of the process until it says that it has started, and ${SIZE.rest / 1000} s later, with ${IDLE} idle pods; the captures not counted.`,
    head: ['', 'start, ms', 'RSS, MB', 'PSS, MB'],
    rows: rests.map(({ program, startup, rss, pss }) => [
      program,
      number(startup),
      megabytes(rss),
      megabytes(pss),
    ]),
  };
}

function busyTable({ agent, captures, loop, delays }: Busy): Table {
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
      [
        'the daemon',
        percent(agent.cpu),
        percent(loop),
        ...times(delays.agent),
        megabytes(agent.rss),
        megabytes(agent.pss),
      ],
      [
        `its ${SIZE.pods} iftops`,
        percent(captures.cpu),
        '',
        '',
        '',
        '',
        '',
        megabytes(captures.pss),
      ],
      ['a Node that does nothing', '', '', ...times(delays.bare), '', ''],
    ],
  };
}

function percent(share: number): string {
  return number(share * 100, 1);
}

function times({ p50, p99, max }: Busy['delays']['bare']): string[] {
  return [p50, p99, max].map((each) => number(each, 1));
}
