import type { Sink } from '../../../lib/report/reporter.ts';
import { byName, counter, gauge, type Metric } from './metric.ts';

/** What has become of the rows. */
export function delivery(sink: Pick<Sink, 'figures'>): Metric[] {
  return [
    counter(
      'rows_total',
      'Rows by what became of them: written, refused (by InfluxDB), dropped (SPOOL_MAX), damaged (on disk).',
      ['outcome'],
      () => {
        const { written, refused, dropped, damaged } = sink.figures;
        return byName({ written, refused, dropped, damaged });
      },
    ),
    counter(
      'windows_dropped_total',
      'Windows of which rows were dropped.',
      () => sink.figures.windowsDropped,
    ),
    counter(
      'write_retries_total',
      'Requests that InfluxDB did not take, and that are tried again.',
      () => sink.figures.retries,
    ),
    gauge('spool_bytes', 'Bytes of rows that InfluxDB has not taken.', () => sink.figures.bytes),
    gauge(
      'spool_oldest_window_timestamp_seconds',
      'End of the oldest window that InfluxDB has not taken; not there if it has taken all.',
      () => sink.figures.oldest && sink.figures.oldest / 1000,
    ),
    gauge('spool_degraded', '1: rows wait in memory, for want of the disk.', () =>
      sink.figures.degraded ? 1 : 0,
    ),
  ];
}
