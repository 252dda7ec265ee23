import type { Queue } from '../influx/queue.ts';
import type { UnsentRows } from '../influx/spool/unsent-rows.ts';

/** Where rows go: the queue before InfluxDB, or stdout. */
export interface Sink extends Pick<Queue, 'push' | 'figures'> {
  readonly unsent: Pick<UnsentRows, 'keep' | 'keeps' | 'stored' | 'takeLeft'>;
}
