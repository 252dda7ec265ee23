import { CLAIMS, canShare, isWeak } from './claims.ts';
import type { Owner } from '../kubernetes/records.ts';
import type { Tenure } from './tenures.ts';

/** The owner of an address in a span of time, of all who had it then; `several` if that is not certain. */
export function holderOf(
  tenures: readonly Tenure[],
  from: number,
  to: number,
): Owner | undefined | 'several' {
  if (tenures.length < 2) return tenures[0]?.owner;
  const best = CLAIMS.find((claim) => tenures.some((tenure) => tenure.claim === claim));
  // A weak claim that still stands beside a stronger one is out of date, not a change of hands.
  const rivals = tenures.filter(
    ({ claim, until }) => claim === best || !isWeak(claim) || until < to,
  );
  const equals = rivals.filter(({ claim }) => claim === best);
  const alone = equals.every(({ owner }) => owner.uid === equals[0]?.owner.uid);
  const names = equals.filter((tenure) =>
    rivals.every((rival) => {
      if (rival.claim !== best) return covers(tenure, tenure.from, rival);
      if (rival === tenure || alone) return true;
      // When a rival has gone, this owner may have come after it, so it must surely have had the address before.
      const since = rival.until < to ? tenure.by : tenure.from;
      return canShare(best) && covers(tenure, since, rival);
    }),
  );
  return names.sort(byName)[0]?.owner ?? 'several';

  function covers(tenure: Tenure, since: number, rival: Tenure): boolean {
    return since <= Math.max(rival.from, from) && tenure.until >= Math.min(rival.until, to);
  }

  /** The owner that surely had the address first, but no earlier than the span's start. */
  function byName(a: Tenure, b: Tenure): number {
    return Math.max(a.by, from) - Math.max(b.by, from) || compare(a.owner, b.owner);
  }
}

/**
 * The order of owners that share an address, the same on every agent: the oldest service first, so that a name stays when
 * another joins; the newest node first, since an old node with the address of a new one is likely a machine that is gone.
 */
function compare(a: Owner, b: Owner): number {
  const age = a.kind === 'node' ? b.since - a.since : a.since - b.since;
  return age || order(a.namespace, b.namespace) || order(a.name, b.name) || order(a.uid, b.uid);
}

/** By code units: the same in every locale. */
function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
