import { amount, rate } from '../../../lib/top/format.ts';
import { record } from '../../../lib/top/record.ts';
import { type Group, NAMELESS, type Row } from '../../../lib/top/rows.ts';
import { type AgentState, nothing } from '../../../lib/top/view.ts';
import { FIGURES, namesOf } from '../screen/table.ts';
import { fit, widthOf } from '../text.ts';

/** What is printed of one moment, or of the time that `seconds` says. */
export interface Result {
  readonly time: Date;
  readonly seconds: number | undefined;
  readonly group: Group;
  readonly isComplete: boolean;
  readonly agents: readonly AgentState[];
  readonly rows: readonly Row[];
}

/** One object, whose `rows` have the names of the fields in InfluxDB. */
export function json({ time, seconds, group, isComplete, agents, rows }: Result): string {
  const result = {
    time: time.toISOString(),
    seconds: seconds ?? null,
    group,
    isComplete,
    agents: agents.map((agent) => ({ ...agent, reason: agent.reason ?? null })),
    rows: rows.map(record),
  };
  return `${JSON.stringify(result)}\n`;
}

/** RFC 4180. A name that a spreadsheet would take for a formula has a ' in front. */
export function csv({ rows }: Result): string {
  const lines = [FIELDS, ...rows.map((row) => Object.values(record(row)))];
  return lines.map((cells) => `${cells.map(quoted).join(',')}\r\n`).join('');
}

const FIELDS = Object.keys(record({ key: '', ...NAMELESS, ...nothing() }));

function quoted(value: string | number): string {
  const text = typeof value === 'string' && /^[=+@-]./.test(value) ? `'${value}` : `${value}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Columns as wide as what is in them: rates of now and means, or the sums and rates of a duration. */
export function table({ group, rows, seconds }: Result): string {
  const names = namesOf(group).map(({ title, name }) => leftAligned([title, ...rows.map(name)]));
  const figures = seconds === undefined ? RATES : SUMS;
  const numbers = figures.map(({ title, text }) => rightAligned([title, ...rows.map(text)]));
  const columns = [...names, ...numbers];
  const lines = [undefined, ...rows].map((_row, line) => columns.map((cells) => cells[line]));
  return lines.map((cells) => `${cells.join('  ').trimEnd()}\n`).join('');
}

interface Figure {
  readonly title: string;
  readonly text: (row: Row) => string;
}

const RATES: readonly Figure[] = FIGURES.map(({ title, bits }) => ({
  title,
  text: (row) => rate(bits(row)),
}));
const SUMS: readonly Figure[] = [
  { title: 'SENT', text: (row) => amount(row.sentBytes) },
  { title: 'RECEIVED', text: (row) => amount(row.receivedBytes) },
  ...RATES.slice(0, 2),
];

function leftAligned(cells: readonly string[]): string[] {
  const width = cells.reduce((most, cell) => Math.max(most, widthOf(cell)), 0);
  return cells.map((cell) => fit(cell, width, ''));
}

function rightAligned(cells: readonly string[]): string[] {
  const width = cells.reduce((most, cell) => Math.max(most, cell.length), 0);
  return cells.map((cell) => cell.padStart(width));
}
