import type { Influx, Row } from '../lab/influx.ts';
import type { KernelCount, Life } from './counts.ts';

/** What the rows must agree with. */
export interface Truth {
  readonly residents: readonly KernelCount[];
  readonly guests: readonly Life[];
  /** When the API server could be followed at most in part. */
  readonly deaf: readonly { readonly from: number; readonly to: number }[];
  /** IP bytes by `<sender> <receiver>`. */
  readonly sent: ReadonlyMap<string, number>;
  /** The residents spoke in all windows between these moments, in milliseconds. */
  readonly from: number;
  readonly to: number;
  /** Length of a window in milliseconds. */
  readonly interval: number;
}

/** All rows of some pods against the kernel, in bytes of both directions. */
export interface Sums {
  readonly pods: number;
  readonly kernel: number;
  readonly counted: number;
  readonly attributed: number;
  readonly uncaptured: number;
  readonly overload: number;
  readonly other: number;
  /** The farthest that a pod's rows are from the kernel, in either direction. */
  readonly farthest: number;
}

/** What the database has, beside what it should have. */
export interface Books {
  readonly residents: Sums;
  /** Those of whom the API server could tell in time. */
  readonly guests: Sums;
  /** The other ones. */
  readonly untold: Sums;
  /** Bytes that rows have under a name that never had them, and whose. */
  readonly wrong: readonly string[];
  /** Bytes of peers that are `unknown`. */
  readonly unknown: number;
  /** Windows of residents that are not there. */
  readonly gaps: readonly string[];
  readonly rowsLost: number;
}

/** After an outage the API server is asked again, and has to list. */
const RECOVERY = 15_000;
const NAME = '"namespace", "pod"';

export async function books(influx: Influx, truth: Truth): Promise<Books> {
  const fields = ['sentBytes', 'receivedBytes', 'sentAttributed', 'receivedAttributed'];
  const missing = ['missingUncaptured', 'missingOverload', 'missingOther'];
  const sums = [...fields, ...missing].map((field) => `sum("${field}") AS "${field}"`).join(', ');
  const rows = await influx.query(`SELECT ${sums} FROM nstat_pod GROUP BY ${NAME}`);
  const edges = await influx.query(
    `SELECT sum("sentBytes") AS sent, sum("receivedBytes") AS received FROM nstat GROUP BY ${NAME}, "peer_kind", "peer_namespace", "peer"`,
  );
  const windows = await influx.query(
    `SELECT "sentBytes" FROM nstat_pod WHERE "namespace" = 'residents' GROUP BY ${NAME}`,
  );
  const lost = await influx.query('SELECT sum("rowsLost") AS lost FROM nstat_agent');
  const byPod = new Map(rows.map((row) => [nameOf(row), row]));
  const untold = (life: Life) =>
    truth.deaf.some(({ from, to }) => life.from < to + RECOVERY && life.to > from);
  const unknown = edges.filter((row) => row['peer_kind'] === 'unknown');
  return {
    residents: compare(truth.residents, byPod),
    guests: compare(
      truth.guests.filter((life) => !untold(life)),
      byPod,
    ),
    untold: compare(truth.guests.filter(untold), byPod),
    wrong: edges.flatMap((row) => wrongIn(row, truth.sent)),
    unknown: unknown.reduce((sum, row) => sum + bytes(row, 'sent', 'received'), 0),
    gaps: gapsIn(windows, truth),
    rowsLost: lost[0] ? bytes(lost[0], 'lost') : NaN,
  };
}

function compare(kernel: readonly KernelCount[], rows: ReadonlyMap<string, Row>): Sums {
  const none: Row = { time: 0 };
  const total = (...columns: string[]) =>
    kernel.reduce((sum, { pod }) => sum + bytes(rows.get(pod) ?? none, ...columns), 0);
  const apart = kernel.flatMap(({ pod, sent, received }) => {
    const row = rows.get(pod) ?? none;
    return [bytes(row, 'sentBytes') - sent, bytes(row, 'receivedBytes') - received].map(Math.abs);
  });
  return {
    pods: kernel.length,
    kernel: kernel.reduce((sum, { sent, received }) => sum + sent + received, 0),
    counted: total('sentBytes', 'receivedBytes'),
    attributed: total('sentAttributed', 'receivedAttributed'),
    uncaptured: total('missingUncaptured'),
    overload: total('missingOverload'),
    other: total('missingOther'),
    farthest: Math.max(0, ...apart),
  };
}

/** iftop rounds, and so may a pair have a little more than was sent. */
const MORE = { part: 0.02, bytes: 20_000 };

/** A name is right if these two had something to say to each other, and no more than that is told. */
function wrongIn(row: Row, truth: Truth['sent']): string[] {
  const kind = String(row['peer_kind']);
  const peer = `${row['peer_namespace']}/${row['peer']}`;
  if (kind === 'unknown' || row['peer'] === 'multicast' || row['peer'] === 'link-local') return [];
  const directions = [
    [bytes(row, 'sent'), `${nameOf(row)} ${peer}`],
    [bytes(row, 'received'), `${peer} ${nameOf(row)}`],
  ] as const;
  return directions.flatMap(([told, pair]) => {
    const most = kind === 'pod' ? (truth.get(pair) ?? 0) : 0;
    const allowed = most === 0 ? 0 : most * (1 + MORE.part) + MORE.bytes;
    return told > allowed ? [`${pair} (${kind}): ${told} of ${most} bytes`] : [];
  });
}

function gapsIn(rows: readonly Row[], { residents, from, to, interval }: Truth): string[] {
  const there = new Set(rows.map((row) => `${nameOf(row)} ${row.time * 1000}`));
  const first = Math.ceil(from / interval) * interval + interval;
  const ends = Array.from(
    { length: Math.max(0, Math.floor((to - first) / interval) + 1) },
    (_, index) => first + index * interval,
  );
  const all = residents.flatMap(({ pod }) => ends.map((end) => `${pod} ${end}`));
  return all.filter((window) => !there.has(window));
}

function nameOf(row: Row): string {
  return `${row['namespace']}/${row['pod']}`;
}

function bytes(row: Row, ...columns: string[]): number {
  return columns.reduce((sum, column) => sum + Number(row[column] ?? 0), 0);
}
