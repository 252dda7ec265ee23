import { LockError } from '../lib/influx/lock.ts';
import { type Target, WriteError } from '../lib/influx/write.ts';
import { ApiError } from '../lib/kubernetes/client.ts';

/** What to do about what is missing: said by --check, and in the log. */
export const FIX_NODE = 'is NODE_NAME the name of this node as `kubectl get nodes` has it?';
export const FIX_NAMESPACES =
  'the pod needs hostPID: true, and the capabilities SYS_PTRACE and SYS_ADMIN';
export const FIX_RIGHTS =
  'the service account needs get, list and watch on pods, services, nodes and namespaces';

export function fixCapture(error: Error): string {
  const { message } = error;
  if (/ENOENT|\b12[67]\b/.test(message)) {
    return 'install iftop, util-linux (nsenter, setpriv) and coreutils (stdbuf, nice)';
  }
  return 'run as root with the capabilities SYS_ADMIN, SYS_PTRACE, NET_RAW, SETUID, SETGID, SETPCAP, KILL, or privileged';
}

export function fixApi(error: Error): string {
  if (!(error instanceof ApiError)) {
    return 'is KUBECONFIG right, or is this a pod with a service account?';
  }
  if (error.status === 401) return 'the token is not valid: is the service account mounted?';
  if (error.status === 403) return FIX_RIGHTS;
  return 'look at the API server';
}

/** What is wrong with SPOOL_DIR; until it is mended rows wait in memory only. */
export function fixSpool(error: Error): string {
  if (error instanceof LockError)
    return 'another nstats on this node uses it: end that one, or set SPOOL_DIR to another directory for this one';
  switch ((error as { readonly code?: string }).code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return 'make room on the file system of SPOOL_DIR, or lower SPOOL_MAX';
    case 'EROFS':
      return 'mount a volume at SPOOL_DIR that can be written';
    case 'EACCES':
    case 'EPERM':
      return 'let the user that nstats runs as write to SPOOL_DIR; SELinux keeps a container that is not privileged from the directories of the node';
    case 'ENOTDIR':
    case 'EEXIST':
      return 'set SPOOL_DIR to a directory: there is a file on its way';
    case 'EIO':
      return 'the disk of SPOOL_DIR is failing: look at the log of the kernel';
    case undefined:
    default:
      return 'mount a volume at SPOOL_DIR that can be written, and that can be locked';
  }
}

/** What to do when InfluxDB does not take rows. */
export function fixInflux(target: Target, error: Error): string {
  const { status, network } = error instanceof WriteError ? error : {};
  if (status === undefined) return unreachable(network);
  if (status === 401 || status === 403) {
    return target.api === 2
      ? 'is INFLUX_TOKEN valid, and may it write to INFLUX_BUCKET of INFLUX_ORG?'
      : 'are INFLUX_USERNAME and INFLUX_PASSWORD right, and may that user write to INFLUX_DATABASE?';
  }
  if (status === 404) {
    return target.api === 2
      ? 'does INFLUX_BUCKET exist in INFLUX_ORG? 1.x before 1.8 has no buckets: set INFLUX_DATABASE instead'
      : 'does INFLUX_DATABASE exist (CREATE DATABASE)? 2.x without a DBRP mapping wants INFLUX_BUCKET instead';
  }
  if (status === 400 || status === 422) return 'look at what InfluxDB says of the rows';
  if (status === 407) return 'the proxy in front of InfluxDB wants to know who we are';
  if (status === 429)
    return 'InfluxDB limits how much it takes: raise its limit, INTERVAL, or lower PEERS_PER_POD';
  if (status >= 500) return 'look at InfluxDB, and at what is in front of it: its log says why';
  return 'is INFLUX_URL the address of InfluxDB itself?';
}

function unreachable(network: string | undefined): string {
  switch (network) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'the name in INFLUX_URL has no address: is it right, and does DNS work here?';
    case 'ECONNREFUSED':
      return 'nobody listens at INFLUX_URL: is InfluxDB running, and is the port right?';
    case undefined:
    default:
      return 'is InfluxDB running, is INFLUX_URL right, and may this pod reach it (network policies)?';
  }
}
