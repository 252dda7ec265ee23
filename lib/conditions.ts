/**
 * All that can be wrong, in one list: the log, the startup report, --check and the probes say it in these words, and
 * docs/operations.md has the list as a table.
 */
export interface Condition {
  /** What is wrong, and what follows of it. */
  readonly sentence: string;
  /** How it is found. */
  readonly found: string;
  /** What to do about it, where an error does not tell more closely. */
  readonly remedy: string;
}

const RIGHTS =
  'the service account needs get, list and watch on pods, services, nodes and namespaces (manifests/base/rbac.yaml)';
const INTERFACES =
  'name the interface that carries the pod in IFACE (a list, such as eth0,net1), bring it up, or turn the pod off with the annotation nstats/observe=false';
const INFLUXDB = 'is INFLUX_URL right, and is InfluxDB running?';
const DISK = 'mount a volume at SPOOL_DIR that can be written, and that can be locked';
const REPORT = 'report it as an issue, with the log';

export const CONDITIONS = {
  captureImpossible: {
    sentence: 'iftop cannot capture',
    found: 'a capture of the loopback interface fails',
    remedy:
      'run as root with the capabilities SYS_ADMIN, SYS_PTRACE, NET_RAW, SETUID, SETGID, SETPCAP, KILL, or privileged',
  },
  countingImpossible: {
    sentence: 'traffic cannot be counted in the kernel: pods are in the totals only',
    found: 'with CAPTURE=bpf the helper nstats-bpf does not start; it is tried again',
    remedy: 'read `error`, or set CAPTURE=iftop',
  },
  helperEnded: {
    sentence: 'the helper that counts in the kernel has ended; it is started again',
    found: 'nstats-bpf ends by itself, or does not answer',
    remedy: 'what passes meanwhile is in the totals; read `error` if it ends again and again',
  },
  namespaceNotFound: {
    sentence: 'no network namespace of a pod has one of its addresses: the pod is not measured',
    found: "by the pod's UID in /proc/*/cgroup",
    remedy:
      'the agent needs hostPID: true, the capabilities SYS_PTRACE and SYS_ADMIN, and where SELinux is on the component selinux or openshift',
  },
  interfaceMissing: {
    sentence: 'a pod has none of the interfaces of IFACE: the pod is not captured',
    found: "in the pod's network namespace, for ten seconds",
    remedy: INTERFACES,
  },
  interfaceRefused: {
    sentence: 'an interface of a pod cannot be captured: it is in the totals only',
    found: 'iftop refuses the interface: it is down, or of a link type that iftop does not know',
    remedy: INTERFACES,
  },
  captureFailed: {
    sentence: 'capture failed; it is tried again',
    found:
      'iftop ends by itself, or does not answer; or the kernel refuses to count at an interface',
    remedy: 'read `error`; `--check` tries what iftop needs',
  },
  captureOverloaded: {
    sentence: 'iftop is at its limits with a pod: what iftop misses is in the totals only',
    found: 'iftop takes more than a quarter of a core',
    remedy: 'nothing: peers come back when the pod has fewer packets or flows',
  },
  capturePaused: {
    sentence: 'a capture is paused for CPU_BUDGET: what passes meanwhile is in the totals only',
    found: 'the CPU time of the agent and its captures is near the budget',
    remedy: 'raise CPU_BUDGET',
  },
  budgetTooSmall: {
    sentence: 'the daemon alone takes more CPU than CPU_BUDGET allows',
    found: 'with all captures paused the CPU time is beyond the budget',
    remedy: 'raise CPU_BUDGET',
  },
  linesUnreadable: {
    sentence: 'lines of iftop cannot be read',
    found: 'a report of iftop has lines of another form',
    remedy: `${REPORT} at LOG_LEVEL=debug`,
  },
  capturesIdle: {
    sentence: 'no capture has answered for a minute',
    found: 'captures run, and neither an iftop nor the kernel has reported',
    remedy: 'the kubelet restarts the agent',
  },
  startsStuck: {
    sentence: 'captures wait to be started, and none was for a minute',
    found: 'a start neither succeeds nor fails',
    remedy: 'the kubelet restarts the agent',
  },
  windowsLate: {
    sentence: 'no window has been closed in time',
    found: 'three intervals and ten seconds have passed',
    remedy: 'the kubelet restarts the agent; give it more CPU if this returns',
  },
  apiServerLost: {
    sentence: 'the API server cannot be followed',
    found: 'lists or watches fail; they are tried again',
    remedy: 'read the log of the API server',
  },
  resourceLost: {
    sentence: 'a resource of the API server cannot be followed',
    found: 'its list or watch fails while others go on; it is tried again',
    remedy: 'read the log of the API server',
  },
  podsDenied: {
    sentence: 'the service account may not list and watch them, so nothing is observed',
    found: 'the API server answers 403 for the pods of the node',
    remedy: RIGHTS,
  },
  newPodsDenied: {
    sentence:
      'the service account may not list and watch them, so new pods of this node are not observed',
    found: 'the same, after the pods have been listed',
    remedy: RIGHTS,
  },
  annotationsDenied: {
    sentence:
      'the service account may not list and watch them, so their annotation nstats/observe has no effect',
    found: 'the API server answers 403 for namespaces',
    remedy: RIGHTS,
  },
  namesDenied: {
    sentence: 'the service account may not list and watch them, so their names are missing',
    found: 'the API server answers 403 for pods, services or nodes',
    remedy: RIGHTS,
  },
  notListed: {
    sentence: 'not listed yet',
    found: 'the first list of a resource is under way, or fails',
    remedy: 'wait; the log says if the API server cannot be followed',
  },
  nodeUnknown: {
    sentence: 'the API server has no node of the name NODE_NAME',
    found: 'by the list of nodes',
    remedy: 'is NODE_NAME the name of this node as `kubectl get nodes` has it?',
  },
  peersUnnamed: {
    sentence: 'peers of windows are not named, since the cluster was not followed',
    found: 'a window has waited for two minutes',
    remedy: 'make the API server reachable: the log says why it cannot be followed',
  },
  windowPending: {
    sentence: 'not over yet, or not named',
    found: 'no window has been written since the start',
    remedy: 'wait for INTERVAL, and for the lists of the API server',
  },
  windowInMemory: {
    sentence: 'in memory only; neither InfluxDB nor the disk has taken it yet',
    found: 'the rows of the first window wait',
    remedy: 'make InfluxDB or SPOOL_DIR take rows: the log says why they do not',
  },
  windowRefused: {
    sentence: 'InfluxDB has taken none of its rows, and none is on disk',
    found: 'all rows of the first window were refused',
    remedy: "read InfluxDB's own words in the log",
  },
  influxAway: {
    sentence: 'InfluxDB does not take rows; they are kept',
    found: 'a write fails; it is tried again',
    remedy: INFLUXDB,
  },
  influxNever: {
    sentence: 'InfluxDB does not take rows; they are kept, and it has taken none since the start',
    found: 'the same, a minute after the start',
    remedy: INFLUXDB,
  },
  rowsRefused: {
    sentence: 'InfluxDB refuses a row; it is lost',
    found: 'InfluxDB answers 400 or 422; all other rows are delivered',
    remedy: "read InfluxDB's own words in the same line",
  },
  rowsSetAside: {
    sentence:
      'InfluxDB takes other rows, but not these; they are kept, and tried again after others',
    found: 'a batch has failed three times',
    remedy: "read InfluxDB's log",
  },
  rowsDamaged: {
    sentence: 'rows are damaged on disk; they are lost',
    found: 'a checksum of a file in SPOOL_DIR is wrong',
    remedy: "check the disk of SPOOL_DIR: the kernel's log has its errors",
  },
  rowsForeign: {
    sentence: 'rows on disk wait for another InfluxDB than the one configured',
    found: 'SPOOL_DIR has a directory of another INFLUX_URL, bucket or database',
    remedy: 'move the files into the directory of this InfluxDB, or remove them',
  },
  spoolUnusable: {
    sentence: 'rows that wait are in memory, for want of the disk',
    found: 'SPOOL_DIR cannot be written; each window tries again',
    remedy: DISK,
  },
  spoolLocked: {
    sentence: 'rows that wait are in memory, another agent has the directory',
    found: 'the lock of SPOOL_DIR is held',
    remedy:
      'another nstats on this node uses it: end that one, or set SPOOL_DIR to another directory for this one',
  },
  networksMistaken: {
    sentence: 'the networks file has mistakes',
    found: 'lines of NETWORKS_FILE cannot be used; at the start the others count',
    remedy: 'mend the lines that are named: each is `name: [CIDR, ...]`',
  },
  networksUnreadable: {
    sentence: 'the networks file cannot be read',
    found: 'NETWORKS_FILE is not there, no file, or larger than 4 MiB',
    remedy: 'mount a file there that can be read, of YAML: `name: [CIDR, ...]`',
  },
  authoritiesUnreadable: {
    sentence: 'NODE_EXTRA_CA_CERTS has no certificates',
    found: 'the file cannot be read, or has no PEM',
    remedy: 'mount a file there that can be read and has the certificates as PEM',
  },
  countersIncomplete: {
    sentence: "the kernel's counters do not have all that was captured of pods",
    found: 'rows have more bytes than the counters',
    remedy:
      'a newer kernel on this node; until then the totals of these pods are what was captured',
  },
  podUnbalanced: {
    sentence: "the rows of a pod have fewer bytes than the kernel's counters",
    found: 'more than two percent of a minute is missing; `likely` says why',
    remedy: 'what is missing stays in the totals of `nstat_pod`',
  },
} as const satisfies { readonly [id: string]: Condition };

/** A condition in a line of text. */
export function inWords({ sentence, remedy }: Condition, detail?: string): string {
  return `${sentence}${detail ? ` (${detail})` : ''}; fix: ${remedy}`;
}
