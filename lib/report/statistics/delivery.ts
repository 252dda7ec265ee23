import type { Sink } from '../sink.ts';
import { byName, type Statistic } from './statistic.ts';

/** What has become of the rows. */
export const delivery: readonly Statistic<{ readonly sink: Pick<Sink, 'figures'> }>[] = [
  {
    metric: 'nstats_rows_total',
    labels: ['outcome'],
    fields: {
      rowsWritten: ['written'],
      rowsRefused: ['refused'],
      rowsDropped: ['dropped'],
      rowsDamaged: ['damaged'],
      rowsLost: ['refused', 'dropped', 'damaged'],
    },
    help: 'Rows by what became of them: written, refused (by InfluxDB), dropped (SPOOL_MAX), damaged (on disk); rows that are not written are lost.',
    read: ({ sink }) => {
      const { written, refused, dropped, damaged } = sink.figures;
      return byName({ written, refused, dropped, damaged });
    },
  },
  {
    metric: 'nstats_windows_dropped_total',
    fields: { windowsDropped: 'sum' },
    help: 'Windows of which rows were dropped.',
    read: ({ sink }) => sink.figures.windowsDropped,
  },
  {
    metric: 'nstats_write_retries_total',
    fields: { writeRetries: 'sum' },
    help: 'Requests that failed at InfluxDB and are tried again.',
    read: ({ sink }) => sink.figures.retries,
  },
  {
    metric: 'nstats_spool_bytes',
    fields: { spoolBytes: 'sum' },
    help: 'Bytes that wait to be written to InfluxDB.',
    read: ({ sink }) => sink.figures.bytes,
  },
  {
    metric: 'nstats_spool_oldest_window_timestamp_seconds',
    help: 'End of the oldest window that waits to be written to InfluxDB; absent if none waits.',
    read: ({ sink }) => sink.figures.oldest && sink.figures.oldest / 1000,
  },
  {
    fields: { spoolSeconds: 'sum' },
    help: 'Seconds since the end of the oldest window that waits to be written to InfluxDB; 0 if none waits.',
    read: ({ sink }) => {
      const now = Date.now();
      return Math.max(0, (now - (sink.figures.oldest ?? now)) / 1000);
    },
  },
  {
    metric: 'nstats_spool_degraded',
    fields: { spoolDegraded: 'sum' },
    help: '1 while rows wait in memory, since the disk does not take them.',
    read: ({ sink }) => (sink.figures.failure ? 1 : 0),
  },
];
