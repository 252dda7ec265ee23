import type { Target } from '../lib/influx/write.ts';
import { ApiError } from '../lib/kubernetes/client.ts';

/** What to do about what is missing: said by --check, and in the log. */
export const FIX_SPOOL =
  'mount a volume there that can be written; without it rows wait in memory only';
export const FIX_NODE = 'is NODE_NAME the name of this node as `kubectl get nodes` has it?';
export const FIX_NAMESPACES =
  'the pod needs hostPID: true, and the capabilities SYS_PTRACE and SYS_ADMIN';
export const FIX_INTERFACES =
  'name the interface that carries the pod in IFACE (a list, such as eth0,net1), bring it up, or turn the pod off with the annotation nstats/observe=false';
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

export function fixInflux(influx: Target): string {
  return influx.api === 2
    ? 'check INFLUX_URL, INFLUX_BUCKET, INFLUX_ORG and INFLUX_TOKEN; 1.x before 1.8 wants INFLUX_DATABASE instead'
    : 'check INFLUX_URL, INFLUX_USERNAME and INFLUX_PASSWORD; does INFLUX_DATABASE exist (CREATE DATABASE)?';
}
