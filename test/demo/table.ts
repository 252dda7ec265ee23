import type { Influx, Row } from '../lab/influx.ts';
import { sum } from '../lab/rows.ts';

/** Lines of fewer bytes are counted, not shown. */
const SMALL = 10_000;

interface Line {
  readonly pod: string;
  readonly peer: string;
  sent: number;
  received: number;
}

/**
 * What InfluxDB has, as text: for each pod and peer the bytes and mean rates since the beginning,
 * and under it the reconciliation: what the kernel's counters say, what the rows say, the difference.
 */
export async function table(influx: Influx): Promise<string> {
  const rows = await influx.query('SELECT * FROM nstat');
  const pods = await influx.query('SELECT * FROM nstat_pod');
  const windows = [...new Set(pods.map(({ time }) => time))].toSorted((a, b) => a - b);
  const seconds = (windows.at(-1) ?? 0) - (windows[0] ?? 0) + 10;

  const lines = new Map<string, Line>();
  for (const row of rows) {
    const pod = `${row['namespace']}/${row['pod']}`;
    const peer = peerOf(row);
    const line = lines.get(`${pod} ${peer}`) ?? { pod, peer, sent: 0, received: 0 };
    line.sent += Number(row['sentBytes']);
    line.received += Number(row['receivedBytes']);
    lines.set(`${pod} ${peer}`, line);
  }
  const sorted = [...lines.values()].toSorted((a, b) => b.sent + b.received - a.sent - a.received);
  const shown = sorted.filter((line) => line.sent + line.received >= SMALL);
  const cells = shown.map(({ pod, peer, sent, received }) => [
    pod,
    `→ ${peer}`,
    bytes(sent),
    bytes(received),
    rate(sent / seconds),
    rate(received / seconds),
  ]);
  const head = ['POD', 'PEER', 'SENT', 'RECEIVED', 'SEND RATE', 'RECEIVE RATE'];
  const kernel = sum(pods, 'sentBytes', 'receivedBytes');
  const attributed = sum(rows, 'sentBytes', 'receivedBytes');
  const difference = kernel > 0 ? ((attributed - kernel) / kernel) * 100 : 0;
  return [
    ...columns([head, ...cells]),
    ...(sorted.length > shown.length
      ? [`and ${sorted.length - shown.length} of less than 10 kB`]
      : []),
    '',
    `windows            ${windows.length}`,
    `kernel's counters  ${kernel.toLocaleString('en')} bytes`,
    `attributed         ${attributed.toLocaleString('en')} bytes`,
    `difference         ${(attributed - kernel).toLocaleString('en')} bytes (${difference.toFixed(4)} %)`,
  ].join('\n');
}

function peerOf(row: Row): string {
  const namespace = row['peer_namespace'] === '-' ? '' : `${row['peer_namespace']}/`;
  return `${namespace}${row['peer']} (${row['peer_kind']})`;
}

/** Left-aligned names, right-aligned numbers. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, index) =>
    Math.max(...rows.map((row) => row[index]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, index) =>
        index < 2 ? cell.padEnd(widths?.[index] ?? 0) : cell.padStart(widths?.[index] ?? 0),
      )
      .join('  '),
  );
}

function bytes(value: number): string {
  if (value < 1000) return `${value} B`;
  const power = Math.min(4, Math.floor(Math.log10(value) / 3));
  return `${(value / 1000 ** power).toFixed(2)} ${['', 'k', 'M', 'G', 'T'][power]}B`;
}

function rate(bytesPerSecond: number): string {
  return `${((bytesPerSecond * 8) / 1e6).toFixed(2)} Mbit/s`;
}
