import type { Totals } from '../../../lib/report/totals.ts';
import { byDirection, byName, counter, gauge, type Metric } from './metric.ts';

/** What the windows add up to. */
export function traffic(totals: Totals): Metric[] {
  const flows = totals.flows;
  return [
    counter('windows_total', 'Windows that have been closed and named.', () => totals.windows),
    counter(
      'windows_late_total',
      'Of these, windows that had to wait until the cluster was followed again, or were not named for it.',
      () => totals.late,
    ),
    gauge(
      'last_window_timestamp_seconds',
      'End of the last window that was closed and named.',
      () => totals.end && totals.end / 1000,
    ),
    counter(
      'kernel_bytes_total',
      "IP bytes of the pods by the kernel's counters.",
      ['direction'],
      () => byDirection(totals.kernel),
    ),
    counter(
      'uncounted_bytes_total',
      'IP bytes that were captured and that counters have not, of pods whose counters have been found not to count all. Kernel and uncounted bytes are attributed and missing ones.',
      ['direction'],
      () => byDirection(totals.uncounted),
    ),
    gauge(
      'uncounted_pods',
      'Pods that had uncounted bytes in the last window.',
      () => totals.uncountedPods,
    ),
    counter(
      'attributed_bytes_total',
      'IP bytes of the pods that are in rows of nstat.',
      ['peer_kind', 'direction'],
      () => [...totals.attributed].flatMap(([kind, bytes]) => byDirection(bytes, kind)),
    ),
    counter(
      'missing_bytes_total',
      'Bytes that the kernel has and the rows have not, by the likely reason.',
      ['reason'],
      () => byName({ ...totals.missing }),
    ),
    counter(
      'stale_bytes_total',
      'Bytes of windows for which the cluster was not followed in time: their pods are not named.',
      () => totals.stale,
    ),
    counter('unnamed_bytes_total', 'Bytes of pods that the API never told.', () => totals.unnamed),
    gauge(
      'series',
      'Distinct series written since the start, counted up to 100 000.',
      () => totals.series,
    ),
    ...(flows
      ? [
          counter(
            'flow_bytes_total',
            'IP bytes between namespaces, with FLOW_METRICS=namespace. Beyond 1000 pairs all further ones are in one whose labels are _other.',
            ['namespace', 'peer_kind', 'peer_namespace', 'direction'],
            () => [...flows.pairs()].flatMap(({ labels, bytes }) => byDirection(bytes, ...labels)),
          ),
        ]
      : []),
  ];
}
