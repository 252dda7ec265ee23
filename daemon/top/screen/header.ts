import { short } from '../../../lib/top/format.ts';
import { sum } from '../../../lib/sum.ts';
import type { AgentState } from '../../../lib/top/view.ts';
import type { Picture } from './picture.ts';
import type { State } from './state.ts';
import type { Style } from './style.ts';

/** Lines about agents that are lost, at most. */
const LOST_MOST = 3;

export function title({ agents, totals, time }: Picture): string {
  const count = (state: AgentState['state']) =>
    agents.filter((agent) => agent.state === state).length;
  const connecting = count('connecting') > 0 ? `, ${count('connecting')} connecting` : '';
  const nodes = `${count('live')} of ${agents.length} ${agents.length === 1 ? 'node' : 'nodes'}`;
  const { send, receive, once } = totals;
  const sums = `send ${short(send)}  recv ${short(receive)}  once ${short(once)}`;
  return `nstats ${time}  ${nodes}${connecting}  ${sums}`;
}

/** What is not shown, and why: a line each. */
export function problems(agents: readonly AgentState[]): string[] {
  const lost = agents.filter(({ state }) => state === 'lost');
  const lines = lost
    .slice(0, LOST_MOST)
    .map(({ agent, reason }) => `! ${agent} is lost: ${reason ?? 'no reason is known'}`);
  if (lost.length > LOST_MOST) lines.push(`! ${lost.length - LOST_MOST} more are lost`);
  const incomplete = agents.filter(({ state, notCaptured }) => state === 'live' && notCaptured > 0);
  if (incomplete.length > 0) {
    const captures = sum(incomplete, ({ notCaptured }) => notCaptured);
    const where = incomplete.map(({ agent, notCaptured }) => `${agent} (${notCaptured})`);
    lines.push(`! captures that do not run: ${captures}, on ${where.join(', ')}`);
  }
  const slow = agents.filter(({ framesLost }) => framesLost > 0);
  if (slow.length > 0) {
    const where = slow.map(({ agent, framesLost }) => `${agent} (${framesLost})`);
    lines.push(`! frames lost on the way, which is too slow: ${where.join(', ')}`);
  }
  return lines;
}

/** What the user has chosen. */
export function choices(picture: Picture, state: State, room: number, style: Style): string {
  const { descending, ascending } = style.glyphs;
  const { group, sort, isDescending, filter, followed, isFrozen, cursor } = state;
  const count = picture.rows.length;
  const last = Math.min(count, cursor.first + room);
  return [
    isFrozen && `FROZEN at ${picture.time}`,
    `${group} by ${sort} ${isDescending ? descending : ascending}`,
    `${count === 0 ? 0 : cursor.first + 1}-${last} of ${count} rows, bit/s`,
    followed && following(`${followed.pod.namespace}/`, followed.pod.pod, picture.followed),
    filter !== '' && `filter: ${filter}`,
  ]
    .filter(Boolean)
    .join(' | ');
}

function following(namespace: string, pod: string, now: string | undefined): string {
  return now === undefined || now === pod
    ? `follows ${namespace}${pod}`
    : `follows ${namespace}${now}, ${pod} is gone`;
}
