import { setTimeout as sleep } from 'node:timers/promises';
import { matcher } from '../../../lib/top/filter.ts';
import { rowsOf } from '../../../lib/top/rows.ts';
import { sorted } from '../../../lib/top/sort.ts';
import type { AgentState, Live, View } from '../../../lib/top/view.ts';
import type { Options, Output } from '../options.ts';
import { startsDescending } from '../screen/state.ts';
import { printable } from '../text.ts';
import { csv, json, type Result, table } from './formats.ts';

/** Milliseconds in which the first agent answers, or after one the next, and has reported a slot of each pod. */
const PATIENCE = 6000;
/** Milliseconds from the first frame of an agent until all of its pods have reported a slot: of 2 s, up to 1.5 s late. */
const SLOT = 4000;
/** Milliseconds between two looks at the agents. */
const EACH = 100;
const FORMATS: { readonly [output in Output]: (result: Result) => string } = { table, json, csv };

/** What is printed on stdout and on stderr, and the exit code. */
export interface Printed {
  readonly out: string;
  readonly error: string;
  readonly code: number;
}

/** Waits for the agents, and for the duration if there is one, and sums up what there is then. */
export async function once(live: Live, options: Options, signal: AbortSignal): Promise<Printed> {
  /** Agents that were lost at some time of the duration, and why. */
  const lost = new Map<string, string>();
  const note = (agents: readonly AgentState[]) => {
    for (const { agent, state, reason } of agents)
      if (state === 'lost') lost.set(agent, reason ?? 'no reason is known');
  };
  const { duration, counted } = options;
  await settled(live, duration === undefined ? SLOT : 0, signal);
  if (duration !== undefined && counted) {
    counted.from = performance.now();
    counted.to = counted.from + duration;
    const before = new Map(live.agents().map(({ agent, framesLost }) => [agent, framesLost]));
    while (performance.now() < counted.to + SLOT && !signal.aborted) {
      note(live.agents());
      await pause(EACH, signal);
    }
    for (const { agent, framesLost } of live.agents()) {
      const frames = framesLost - (before.get(agent) ?? 0);
      if (frames > 0) lost.set(agent, `${frames} frames were lost on the way, which is too slow`);
    }
  }
  const agents = live.agents();
  note(agents);
  for (const { agent, state } of agents)
    if (state === 'connecting') lost.set(agent, 'it has not answered in time');
  // What an agent that is lost now has said before is known still.
  const isAnswered = agents.some(({ state }) => state === 'live') || live.views().length > 0;
  return {
    out: isAnswered ? FORMATS[options.output](resultOf(live, options)) : '',
    error: [...lost].map(([agent, why]) => `nstats: ${agent}: ${printable(why)}\n`).join(''),
    code: isAnswered ? (lost.size > 0 ? 3 : 0) : 1,
  };
}

/**
 * Waits until all agents have answered for so long, or none has answered anew in `PATIENCE`: of a thousand agents only some can
 * be asked at once, and one that is lost is asked again.
 */
async function settled(live: Live, each: number, signal: AbortSignal): Promise<void> {
  let end = performance.now() + PATIENCE;
  const since = new Map<string, number>();
  while (!signal.aborted && performance.now() < end) {
    const now = performance.now();
    const agents = live.agents();
    for (const { agent, state } of agents)
      if (state === 'live' && !since.has(agent)) {
        since.set(agent, now);
        end = now + PATIENCE;
      }
    const isSettled = ({ agent }: AgentState) => now >= (since.get(agent) ?? Infinity) + each;
    if (agents.length > 0 && agents.every(isSettled)) return;
    await pause(EACH, signal);
  }
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => {});
}

function resultOf(live: Live, options: Options): Result {
  const { duration, group, sort, filter, limit } = options;
  const seconds = duration === undefined ? undefined : duration / 1000;
  const views =
    seconds === undefined ? live.views() : live.views().map((view) => meanOf(view, seconds));
  const rows = sorted(rowsOf(views, group).filter(matcher(filter)), sort, startsDescending(sort));
  return {
    time: new Date(),
    seconds,
    group,
    isComplete: live.isComplete,
    agents: live.agents(),
    rows: rows.filter((row) => hasTraffic(row, seconds !== undefined)).slice(0, limit),
  };
}

/** With the mean over all of a duration as the rate. */
function meanOf(view: View, seconds: number): View {
  const mean = (bytes: number) => (bytes * 8) / seconds;
  return { ...view, now: { send: mean(view.sentBytes), receive: mean(view.receivedBytes) } };
}

/** In the duration, or else lately. */
function hasTraffic({ sentBytes, receivedBytes, mean40 }: View, isSum: boolean): boolean {
  if (isSum) return sentBytes + receivedBytes > 0;
  return mean40.send + mean40.receive > 0;
}
