import { GROUPS, type Group } from '../../lib/top/rows.ts';
import { type Column, COLUMNS } from '../../lib/top/sort.ts';

/** What a user asks to see, and how. */
export interface Options {
  /** Print once and end; else show a screen. */
  readonly isOnce: boolean;
  readonly output: Output;
  /** Milliseconds to sum up. */
  readonly duration: number | undefined;
  /**
   * The time of which bytes are summed up, by `performance.now()`: goes to the `LiveReader`. It begins when the agents have
   * answered, so it is set then.
   */
  readonly counted: { from: number; to: number } | undefined;
  readonly group: Group;
  readonly sort: Column;
  readonly filter: string;
  /** Rows that are printed at most. */
  readonly limit: number;
}

const OUTPUTS = ['table', 'json', 'csv'] as const;
export type Output = (typeof OUTPUTS)[number];

/** For `parseArgs`. */
export const OPTIONS = {
  once: { type: 'boolean' },
  output: { type: 'string', short: 'o' },
  duration: { type: 'string' },
  group: { type: 'string' },
  sort: { type: 'string' },
  filter: { type: 'string' },
  limit: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

export const OPTIONS_HELP = `\
  --group GROUP      a row for each ${GROUPS.join(', ')} (flow)
  --sort COLUMN      rows in the order of a column, the largest figure or the first name on top (rate):
                     ${COLUMNS.slice(0, 9).join(', ')},
                     ${COLUMNS.slice(9, 15).join(', ')},
                     ${COLUMNS.slice(15).join(', ')}
  --filter WORDS     rows whose names have all these words
  --once             print once what passes now, and end: some four seconds after all agents have answered
  --duration TIME    print once what passes in a time from 1s to 24h, such as 30s: sums, and rates over all of it
  -o, --output WHAT  print once, as table, json or csv (table)
  --limit NUMBER     print this many rows at most (all)
  -h, --help         this text

The screen needs a terminal: where stdin or stdout is none, or TERM is dumb, nstats prints once, as with --once.
There is no colour with NO_COLOR in the environment. In the screen ? shows the keys.

Rates are bit/s of IP, bytes are IP bytes. Fields of json and csv:
  namespace, pod, workload, node, peer_kind, peer_namespace, peer, peer_workload, port, sendRate, receiveRate (of the
  last two seconds, or over --duration), sendRate10s, receiveRate10s, sendRate40s, receiveRate40s, sentBytes,
  receivedBytes (since nstats asks, or in --duration)

Exit codes: 0; 1 if no agent answers; 2 for a mistake on the command line; 3 if some agents do not answer, which stderr
names; 128 and its number after a signal.
`;

/** A mistake on the command line; the message names the option and the fix. */
export class UsageError extends Error {
  readonly code = 'ERR_USAGE';
}

/** Whether the command line is to blame for an error; what `parseArgs` throws is included. */
export function isUsage(error: unknown): error is Error {
  const { code } = error as { code?: string };
  return error instanceof UsageError || (code?.startsWith('ERR_PARSE_ARGS') ?? false);
}

type Values = {
  readonly [name in keyof typeof OPTIONS]?:
    | ((typeof OPTIONS)[name]['type'] extends 'boolean' ? boolean : string)
    | undefined;
};

/**
 * Reads what `parseArgs` has found by `OPTIONS`.
 * @throws UsageError
 */
export function optionsOf(values: Values): Options {
  const duration = values.duration === undefined ? undefined : durationOf(values.duration);
  return {
    isOnce: values.once === true || values.output !== undefined || duration !== undefined,
    output: oneOf('-o', OUTPUTS, values.output ?? 'table'),
    duration,
    counted: duration === undefined ? undefined : { from: Infinity, to: Infinity },
    group: oneOf('--group', GROUPS, values.group ?? 'flow'),
    sort: oneOf('--sort', COLUMNS, values.sort ?? 'rate'),
    filter: values.filter ?? '',
    limit: values.limit === undefined ? Infinity : limitOf(values.limit),
  };
}

function oneOf<T extends string>(option: string, all: readonly T[], value: string): T {
  const found = all.find((each) => each === value);
  if (found === undefined)
    throw new UsageError(`${option} is "${value}"; it must be one of ${all.join(', ')}`);
  return found;
}

function durationOf(text: string): number {
  const [, count, unit = ''] = /^(\d{1,5})(s|m|h)$/.exec(text) ?? [];
  const milliseconds = Number(count) * ({ s: 1000, m: 60_000, h: 3_600_000 }[unit] ?? NaN);
  if (!(milliseconds >= 1000 && milliseconds <= 86_400_000))
    throw new UsageError(`--duration is "${text}"; it must be a time from 1s to 24h, such as 30s`);
  return milliseconds;
}

function limitOf(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text))
    throw new UsageError(`--limit is "${text}"; it must be a whole number from 1 on`);
  return Number(text);
}
