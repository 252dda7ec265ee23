/**
 * All that can be wrong, in one list: the log, the startup report, --check and the probes say it in these words, and
 * docs/operations.md has the list as a table.
 */
export interface Condition {
  /** What is wrong, and what follows of it. */
  readonly sentence: string;
  /** What to do about it, where an error has no closer remedy. */
  readonly remedy: string;
}

const RIGHTS =
  'the service account needs get, list and watch on pods, services, nodes and namespaces (manifests/base/rbac.yaml)';
const INTERFACES =
  'name the interface that carries the pod in IFACE (a list, such as eth0,net1), bring it up, or turn the pod off with the annotation nstats/observe=false';

export const CONDITIONS = {
  captureImpossible: {
    sentence: 'iftop cannot capture',
    remedy:
      'run as root with the capabilities SYS_ADMIN, SYS_PTRACE, NET_RAW, SETUID, SETGID, SETPCAP, KILL, or privileged',
  },
  countingImpossible: {
    sentence: 'traffic cannot be counted in the kernel: pods are in the totals only',
    remedy: 'read `error`, or set CAPTURE=iftop',
  },
  helperEnded: {
    sentence: 'the helper that counts in the kernel has ended; it is started again',
    remedy: 'what passes meanwhile is in the totals; read `error` if it ends again and again',
  },
  namespaceNotFound: {
    sentence: 'no network namespace of a pod has one of its addresses: the pod is not measured',
    remedy:
      'the agent needs hostPID: true, the capabilities SYS_PTRACE and SYS_ADMIN, and where SELinux is on the component selinux or openshift',
  },
  interfaceMissing: {
    sentence: 'a pod has none of the interfaces of IFACE: the pod is not captured',
    remedy: INTERFACES,
  },
  interfaceRefused: {
    sentence: 'an interface of a pod cannot be captured: it is in the totals only',
    remedy: INTERFACES,
  },
  captureFailed: {
    sentence: 'capture failed; it is tried again',
    remedy: 'read `error`; `--check` tries what iftop needs',
  },
  captureOverloaded: {
    sentence: 'iftop is at its limits with a pod: what iftop misses is in the totals only',
    remedy: 'nothing: peers come back when the pod has fewer packets or flows',
  },
  capturePaused: {
    sentence: 'a capture is paused for CPU_BUDGET: what passes meanwhile is in the totals only',
    remedy: 'raise CPU_BUDGET',
  },
  budgetTooSmall: {
    sentence: 'the daemon alone takes more CPU than CPU_BUDGET allows',
    remedy: 'raise CPU_BUDGET',
  },
  relayAway: {
    sentence: 'the relay does not serve this agent',
    remedy: 'is the component relay applied, and do its pods run? RELAY_URL says where it is',
  },
  certificateUnusable: {
    sentence: 'the new certificate of the relay cannot be used; the one before stays',
    remedy: 'RELAY_TLS_CERT and RELAY_TLS_KEY must be PEM files of one pair',
  },
  linesUnreadable: {
    sentence: 'lines of iftop cannot be read',
    remedy: 'report it as an issue, with the log at LOG_LEVEL=debug',
  },
  capturesIdle: {
    sentence: 'no capture has answered for a minute',
    remedy: 'the kubelet restarts the agent',
  },
  startsStuck: {
    sentence: 'captures wait to be started, and none was for a minute',
    remedy: 'the kubelet restarts the agent',
  },
  windowsLate: {
    sentence: 'no window has been closed in time',
    remedy: 'the kubelet restarts the agent; give it more CPU if this returns',
  },
  apiServerLost: {
    sentence: 'the API server cannot be followed',
    remedy: 'read the log of the API server',
  },
  resourceLost: {
    sentence: 'a resource of the API server cannot be followed',
    remedy: 'read the log of the API server',
  },
  podsDenied: {
    sentence: 'the service account may not list and watch them, so nothing is observed',
    remedy: RIGHTS,
  },
  newPodsDenied: {
    sentence:
      'the service account may not list and watch them, so new pods of this node are not observed',
    remedy: RIGHTS,
  },
  annotationsDenied: {
    sentence:
      'the service account may not list and watch them, so their annotation nstats/observe has no effect',
    remedy: RIGHTS,
  },
  namesDenied: {
    sentence: 'the service account may not list and watch them, so their names are missing',
    remedy: RIGHTS,
  },
  notListed: {
    sentence: 'not listed yet',
    remedy: 'wait; the log says if the API server cannot be followed',
  },
  nodeUnknown: {
    sentence: 'the API server has no node of the name NODE_NAME',
    remedy: 'is NODE_NAME the name of this node as `kubectl get nodes` has it?',
  },
  peersUnnamed: {
    sentence: 'peers of windows are not named, since the cluster was not followed',
    remedy: 'make the API server reachable: the log says why it cannot be followed',
  },
  windowPending: {
    sentence: 'not over yet, or not named',
    remedy: 'wait for INTERVAL, and for the lists of the API server',
  },
  windowInMemory: {
    sentence: 'in memory only; neither InfluxDB nor the disk has taken it yet',
    remedy: 'make InfluxDB or SPOOL_DIR take rows: the log says why they do not',
  },
  windowRefused: {
    sentence: 'InfluxDB has taken none of its rows, and none is on disk',
    remedy: "read InfluxDB's own words in the log",
  },
  influxAway: {
    sentence: 'InfluxDB does not take rows; they are kept',
    remedy: 'is INFLUX_URL right, and is InfluxDB running?',
  },
  influxNever: {
    sentence: 'InfluxDB does not take rows; they are kept, and it has taken none since the start',
    remedy: 'is INFLUX_URL right, and is InfluxDB running?',
  },
  rowsRefused: {
    sentence: 'InfluxDB refuses a row; it is lost',
    remedy: "read InfluxDB's own words in the same line",
  },
  rowsSetAside: {
    sentence:
      'InfluxDB takes other rows, but not these; they are kept, and tried again after others',
    remedy: "read InfluxDB's log",
  },
  rowsDamaged: {
    sentence: 'rows are damaged on disk; they are lost',
    remedy: "check the disk of SPOOL_DIR: the kernel's log has its errors",
  },
  rowsForeign: {
    sentence: 'rows on disk wait for another InfluxDB than the one configured',
    remedy: 'move the files into the directory of this InfluxDB, or remove them',
  },
  spoolUnusable: {
    sentence: 'rows that wait are in memory, for want of the disk',
    remedy: 'mount a volume at SPOOL_DIR that can be written, and that can be locked',
  },
  spoolLocked: {
    sentence: 'rows that wait are in memory, another agent has the directory',
    remedy:
      'another nstats on this node uses it: end that one, or set SPOOL_DIR to another directory for this one',
  },
  viewUnavailable: {
    sentence: 'nobody can look at this agent by `nstats top`',
    remedy:
      'set TOP_SOCKET to a path where this agent can make a socket, and no other agent has one; or to none',
  },
  networksMistaken: {
    sentence: 'the networks file has mistakes',
    remedy: 'mend the lines that are named: each is `name: [CIDR, ...]`',
  },
  networksUnreadable: {
    sentence: 'the networks file cannot be read',
    remedy: 'mount a file there that can be read, of YAML: `name: [CIDR, ...]`',
  },
  authoritiesUnreadable: {
    sentence: 'NODE_EXTRA_CA_CERTS has no certificates',
    remedy: 'mount a file there that can be read and has the certificates as PEM',
  },
  countersIncomplete: {
    sentence: "the kernel's counters do not have all that was captured of pods",
    remedy:
      'a newer kernel on this node; until then the totals of these pods are what was captured',
  },
  podUnbalanced: {
    sentence: "the rows of a pod have fewer bytes than the kernel's counters",
    remedy: 'what is missing stays in the totals of `nstat_pod`',
  },
} as const satisfies { readonly [id: string]: Condition };

/** A condition in a line of text. */
export function inWords({ sentence, remedy }: Condition, detail?: string): string {
  return `${sentence}${detail ? ` (${detail})` : ''}; fix: ${remedy}`;
}
