import type { StoredWindow } from '../influx/spool/stored-window.ts';

/** Where rows go: the queue before InfluxDB, or stdout. */
export interface Sink {
  /** Rows of a window that ended at `end`, in milliseconds. */
  push(lines: readonly string[], end: number): void;
  /** Keeps a window on disk until its rows are pushed, in place of what was kept of the window before. */
  keep(window: StoredWindow): void;
  /** Whether a window is on disk, for as long as its rows are not. */
  keeps(end: number): boolean;
  /** Resolves when all writes to the disk have succeeded or failed. */
  stored(): Promise<void>;
  /** Windows that an earlier process kept; each is returned once. */
  takeLeft(): readonly StoredWindow[];
  readonly figures: SinkFigures;
}

/** Counts of rows and windows since the start, and what waits now. */
interface SinkFigures {
  readonly written: number;
  readonly refused: number;
  readonly dropped: number;
  readonly damaged: number;
  readonly windowsDropped: number;
  readonly retries: number;
  readonly bytes: number;
  /** The end of the oldest window that waits, in milliseconds. */
  readonly oldest: number | undefined;
  /** Rows wait in memory, because the disk does not take them; `failure` says why. */
  readonly degraded: boolean;
  readonly failure?: Error | undefined;
  /** Rows that are neither written nor on disk. */
  readonly inMemory: number;
  /** Rows that are not written yet, on disk or not. */
  readonly waiting: number;
}
