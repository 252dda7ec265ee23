import type { RequestRecord } from '../lab/apiserver/server.ts';
import type { Span } from './faults.ts';

/** Milliseconds since 1970. */
type Time = Pick<Span, 'from' | 'to'>;
type Request = Pick<RequestRecord, 'path' | 'status' | 'at'>;

/** A client that was refused asks again within 45 s, and once more if the answer is that it has to list. */
const RECOVERY_MOST = 90_000;
/** A pod that is reported for so long (milliseconds) is known, also on a busy machine. */
const ENOUGH = 3000;

/**
 * When the API server could not report the node's pods: from the beginning of a fault on until, after its
 * end, they are watched again; if it has forgotten its history, they have to be listed before. All but a
 * GOAWAY, which lets the watch go on, end with new connections.
 */
export function outagesOf(faults: readonly Span[], requests: readonly Request[]): Time[] {
  const ofNode = requests.filter(
    ({ path, status }) => status === 200 && path.includes('spec.nodeName'),
  );
  const isWatch = ({ path }: Request) => /\bwatch=1\b/.test(path);
  const outages = faults.filter(({ name }) => name.startsWith('API') && name !== 'API goaway');
  return outages.map(({ name, from, to }) => {
    const after = ofNode.filter(({ at }) => at >= to);
    const list = name === 'API forgetful' ? after.findIndex((request) => !isWatch(request)) : 0;
    const again = list < 0 ? undefined : after.slice(list).find(isWatch);
    return { from, to: Math.min(again?.at ?? Infinity, to + RECOVERY_MOST) };
  });
}

/** How long after its birth the API server could report a pod for long enough; undefined if it never could. */
export function reportedAfter(life: Time, outages: readonly Time[]): number | undefined {
  // Such a time begins with the life, or at the end of an outage.
  const ends = outages.map(({ to }) => to).filter((to) => to > life.from);
  const begins = [life.from, ...ends.toSorted((a, b) => a - b)];
  const first = begins.find((begin) => {
    const end = begin + ENOUGH;
    return end <= life.to && outages.every(({ from, to }) => to <= begin || from >= end);
  });
  return first === undefined ? undefined : first - life.from;
}
