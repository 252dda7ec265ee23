import type { Influx, Row } from '../lab/influx.ts';
import type { KernelCount, Life } from './counts.ts';
import type { Span } from './faults.ts';
import { sum } from '../lab/rows.ts';
import { nameOf } from './rows.ts';
import { COLUMNS, imbalanceOf, type Sums, sumsOf } from './sums.ts';
import { reportedAfter } from './reported.ts';

/** What the rows must agree with. */
export interface Truth {
  readonly residents: readonly KernelCount[];
  readonly guests: readonly Life[];
  /** When the API server could not report pods, in milliseconds since 1970. */
  readonly outages: readonly Pick<Span, 'from' | 'to'>[];
  /** IP bytes by `<sender> <receiver>`. */
  readonly sent: ReadonlyMap<string, number>;
  /** The residents sent in all windows between these moments, in milliseconds. */
  readonly from: number;
  readonly to: number;
  /** Length of a window in milliseconds. */
  readonly interval: number;
}

/** What the database has, compared with what it should have. */
export interface Reconciliation {
  readonly residents: Sums;
  /** Those that the API server could report as soon as they were born. */
  readonly guests: Sums;
  /** Those that it could report later in their lives. */
  readonly late: Sums;
  /** Those that it could not report. */
  readonly unreported: Sums;
  /** Pairs whose rows have bytes that they did not exchange. */
  readonly wrong: readonly string[];
  /** Bytes of peers that are `unknown`. */
  readonly unknown: number;
  /** Windows of residents that have no rows. */
  readonly gaps: readonly string[];
  /** Rows in which the missing parts are not what the kernel counted and no peer has. */
  readonly unbalanced: readonly string[];
  readonly rowsLost: number;
}

const NAME = '"namespace", "pod"';

export async function reconcile(influx: Influx, truth: Truth): Promise<Reconciliation> {
  const rows = await influx.query(`SELECT ${COLUMNS.join(', ')} FROM nstat_pod GROUP BY ${NAME}`);
  const edges = await influx.query(
    `SELECT sum("sentBytes") AS sent, sum("receivedBytes") AS received FROM nstat GROUP BY ${NAME}, "peer_kind", "peer_namespace", "peer"`,
  );
  const lost = await influx.query('SELECT sum("rowsLost") AS lost FROM nstat_agent');
  const byPod = Map.groupBy(rows, nameOf);
  const guests = Object.groupBy(truth.guests, (life) => {
    const after = reportedAfter(life, truth.outages);
    if (after === undefined) return 'unreported';
    return after > 0 ? 'late' : 'atBirth';
  });
  const { atBirth = [], late = [], unreported = [] } = guests;
  const unknown = edges.filter((row) => row['peer_kind'] === 'unknown');
  return {
    residents: sumsOf(truth.residents, byPod),
    guests: sumsOf(atBirth, byPod),
    late: sumsOf(late, byPod),
    unreported: sumsOf(unreported, byPod),
    wrong: edges.flatMap((row) => wrongIn(row, truth.sent)),
    unknown: sum(unknown, 'sent', 'received'),
    gaps: gapsIn(rows, truth),
    unbalanced: rows.flatMap(imbalanceOf),
    rowsLost: lost[0] ? sum(lost, 'lost') : NaN,
  };
}

/** iftop rounds, so a pair may have a little more than was sent. */
const MORE = { part: 0.02, bytes: 20_000 };

/** Bytes. The kernel of the node speaks for itself now and then: a RST has 40 bytes, and a source in the kernel sees it. */
const BY_NODE = 200;

/** A name is right if these two sent to each other, and no more than they sent is in rows. */
function wrongIn(row: Row, truth: Truth['sent']): string[] {
  const kind = String(row['peer_kind']);
  const peer = `${row['peer_namespace']}/${row['peer']}`;
  // A new interface asks by IPv6 whether its address is taken; a source in the kernel sees that.
  const isOwn = ['multicast', 'link-local', 'unspecified'].includes(String(row['peer']));
  if (kind === 'unknown' || isOwn) return [];
  const directions = [
    [sum([row], 'sent'), `${nameOf(row)} ${peer}`],
    [sum([row], 'received'), `${peer} ${nameOf(row)}`],
  ] as const;
  return directions.flatMap(([found, pair]) => {
    const most = kind === 'pod' ? (truth.get(pair) ?? 0) : 0;
    const none = kind === 'node' ? BY_NODE : 0;
    const allowed = most === 0 ? none : most * (1 + MORE.part) + MORE.bytes;
    return found > allowed ? [`${pair} (${kind}): ${found} of ${most} bytes`] : [];
  });
}

function gapsIn(rows: readonly Row[], { residents, from, to, interval }: Truth): string[] {
  const counted = rows.filter((row) => row['sentBytes'] !== null);
  const there = new Set(counted.map((row) => `${nameOf(row)} ${row.time * 1000}`));
  const first = Math.ceil(from / interval) * interval + interval;
  const ends = Array.from(
    { length: Math.max(0, Math.floor((to - first) / interval) + 1) },
    (_, index) => first + index * interval,
  );
  const all = residents.flatMap(({ pod }) => ends.map((end) => `${pod} ${end}`));
  return all.filter((window) => !there.has(window));
}
