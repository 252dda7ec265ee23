import { FLOW_LABELS, type FlowDetail } from '../flow-totals.ts';
import type { Totals } from '../totals.ts';
import { byDirection, byName, type Labelled, type Statistic } from './statistic.ts';

/** What the named windows add up to. */
export const traffic: readonly Statistic<{ readonly totals: Totals }>[] = [
  {
    metric: 'nstats_windows_total',
    help: 'Windows that have been closed and named.',
    read: ({ totals }) => totals.windows,
  },
  {
    metric: 'nstats_windows_late_total',
    help: 'Windows among these that waited for the cluster to be followed again, in vain or not.',
    read: ({ totals }) => totals.late,
  },
  {
    metric: 'nstats_last_window_timestamp_seconds',
    help: 'End of the last window that was closed and named.',
    read: ({ totals }) => totals.end && totals.end / 1000,
  },
  {
    metric: 'nstats_kernel_bytes_total',
    labels: ['direction'],
    fields: { kernelBytes: 'sum' },
    help: "IP bytes of the pods by the kernel's counters.",
    read: ({ totals }) => byDirection(totals.kernel),
  },
  {
    metric: 'nstats_uncounted_bytes_total',
    labels: ['direction'],
    fields: { uncountedBytes: 'sum' },
    help: "IP bytes that were captured and that the kernel's counters do not have, of pods whose counters have been found not to count all. Kernel and uncounted bytes are, in sum, attributed and missing bytes.",
    read: ({ totals }) => byDirection(totals.uncounted),
  },
  {
    metric: 'nstats_uncounted_pods',
    fields: { podsUncounted: 'sum' },
    help: 'Pods that had uncounted bytes in the last window.',
    read: ({ totals }) => totals.uncountedPods,
  },
  {
    metric: 'nstats_attributed_bytes_total',
    labels: ['peer_kind', 'direction'],
    fields: { attributedBytes: 'sum' },
    help: 'IP bytes of the pods that are in rows of nstat.',
    read: ({ totals }) =>
      [...totals.attributed].flatMap(([kind, bytes]) => byDirection(bytes, kind)),
  },
  {
    metric: 'nstats_missing_bytes_total',
    labels: ['reason'],
    fields: {
      missingUncaptured: ['uncaptured'],
      missingOverload: ['overload'],
      missingPaused: ['paused'],
      missingOther: ['other'],
    },
    help: 'IP bytes that the kernel counted and no row of nstat has, by the likely reason.',
    read: ({ totals }) => byName({ ...totals.missing }),
  },
  {
    metric: 'nstats_stale_bytes_total',
    fields: { staleBytes: 'sum' },
    help: 'Attributed bytes of windows that waited in vain for the cluster to be followed again: peers that are pods are not named in them.',
    read: ({ totals }) => totals.stale,
  },
  {
    metric: 'nstats_unknown_pod_bytes_total',
    fields: { unknownPodBytes: 'sum' },
    help: 'IP bytes of pods that the API server never reported; no row of nstat or nstat_pod has them.',
    read: ({ totals }) => totals.unknownPod,
  },
  {
    metric: 'nstats_series',
    fields: { series: 'sum' },
    help: 'Distinct series written since the start, counted up to 100 000.',
    read: ({ totals }) => totals.series,
  },
  {
    metric: 'nstats_flow_bytes_total',
    labels: [...FLOW_LABELS.namespace, 'direction'],
    help: 'IP bytes between namespaces, with FLOW_METRICS=namespace. Beyond 1000 pairs all further ones are one pair whose labels are _other.',
    read: ({ totals }) => flowsOf(totals, 'namespace'),
  },
  {
    metric: 'nstats_workload_flow_bytes_total',
    labels: [...FLOW_LABELS.workload, 'direction'],
    help: 'IP bytes between workloads and their peers (a workload, service, node or network), with FLOW_METRICS=workload. Beyond 1000 pairs all further ones are one pair whose labels are _other.',
    read: ({ totals }) => flowsOf(totals, 'workload'),
  },
];

function flowsOf({ flows }: Totals, detail: FlowDetail): Labelled {
  if (flows?.detail !== detail) return [];
  return [...flows.pairs()].flatMap(({ labels, bytes }) => byDirection(bytes, ...labels));
}
