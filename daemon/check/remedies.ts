import { type Condition, CONDITIONS } from '../../lib/conditions.ts';
import { errorOf } from '../../lib/error-of.ts';
import { LockError } from '../../lib/influx/spool/lock.ts';
import { type Target, WriteError } from '../../lib/influx/writer.ts';
import { type ApiClient, ApiError } from '../../lib/kubernetes/client/client.ts';
import type { RelayOptions } from '../../lib/kubernetes/client/relayed.ts';
import { deniedCondition } from '../../lib/kubernetes/sync.ts';
import { withoutUser } from '../../lib/proxy.ts';
import { connectionFault, type Fault, type Server } from './connection.ts';
import type { Finding } from './finding.ts';

/** The remedy for an error of iftop, or of its start. */
export function captureRemedy(error: Error): string {
  const { message } = error;
  if (/ENOENT|\b12[67]\b/.test(message)) {
    return 'install iftop, util-linux (nsenter, setpriv) and coreutils (stdbuf, nice)';
  }
  return CONDITIONS.captureImpossible.remedy;
}

type Reached = Pick<ApiClient, 'server' | 'inCluster' | 'via'>;

/** The API server, as a kubeconfig or the service account of a pod has it. */
export function apiServer({ server: url, inCluster, via }: Reached): Server {
  const name = 'the API server';
  return inCluster
    ? {
        name,
        url,
        address: 'KUBERNETES_SERVICE_HOST and _PORT, which the kubelet sets,',
        authority:
          'ca.crt of the service account does not fit: is it the one of this cluster (ConfigMap kube-root-ca.crt)?',
        proxy: 'the network',
      }
    : {
        name,
        url,
        ...(via && { via }),
        address: '`server` of KUBECONFIG',
        authority: 'set `certificate-authority` in KUBECONFIG to the authority of this cluster',
        otherName: '`tls-server-name` in KUBECONFIG',
        identity: 'set `client-certificate` and `client-key` in KUBECONFIG',
        proxy: '`proxy-url` of KUBECONFIG, or HTTPS_PROXY and NO_PROXY',
      };
}

function influxServer({ url, proxy }: Target): Server {
  return {
    name: 'InfluxDB',
    url,
    ...(proxy && { via: withoutUser(proxy) }),
    address: 'INFLUX_URL',
    authority:
      'set NODE_EXTRA_CA_CERTS to a PEM file with the authority that has signed it, and intermediate ones',
    proxy: 'HTTPS_PROXY, HTTP_PROXY and NO_PROXY',
  };
}

/** What an error of the API server means for a resource. */
export function apiFinding(error: unknown, reached: Reached, resource: string): Finding {
  const isDenied = error instanceof ApiError && error.status === 403;
  const condition: Condition = isDenied
    ? deniedCondition(resource, false)
    : CONDITIONS.apiServerLost;
  return { condition, ...faultOfApi(error, apiServer(reached)) };
}

/** What an error of the API server, or on the way there, means. */
export function faultOfApi(error: unknown, server: Server): Fault {
  const known = errorOf(error);
  const what = known.message;
  if (error instanceof ApiError) return { what, fix: fixStatus(error, server) };
  const fault = connectionFault(known, server);
  if (fault) return fault;
  if (known instanceof SyntaxError) {
    const fix = `is the server in ${server.address} an API server, or does a proxy answer in its place?`;
    return { what: `the answer is no JSON (${what})`, fix };
  }
  const { code } = known as { code?: string };
  if (code === 'ENOENT' || code === 'EACCES')
    return { what, fix: 'is KUBECONFIG right, or is the service account mounted in this pod?' };
  return { what, fix: CONDITIONS.apiServerLost.remedy };
}

function fixStatus({ status, message }: ApiError, { address }: Server): string {
  const mounted = 'is the service account mounted in the pod (automountServiceAccountToken)?';
  if (status === 401) return `the token is not valid here: is it of this cluster, and ${mounted}`;
  if (status === 403)
    return message.includes('system:anonymous')
      ? `no token was sent: ${mounted}`
      : CONDITIONS.namesDenied.remedy;
  if (status === 407) return 'the proxy wants a user and a password: set them in its URL';
  if (status === 429) return 'the API server is overloaded: check its priority and fairness';
  if (status >= 500)
    return 'the API server has a problem: read its log and `kubectl get --raw /readyz`';
  return `is the server in ${address} an API server, or does a proxy answer in its place?`;
}

/** What an error of the relay, or on the way there, means. */
export function faultOfRelay(
  error: unknown,
  { url, tokenFile }: Pick<RelayOptions, 'url' | 'tokenFile'>,
): Fault {
  const server = {
    name: 'the relay',
    url,
    address: 'RELAY_URL',
    authority: 'set RELAY_CA to a PEM file of the authority of its certificate',
    proxy: 'the network',
  };
  const known = errorOf(error) as Error & { readonly code?: string };
  const fault = connectionFault(known, server);
  if (fault) return fault;
  const what = known.message;
  if (error instanceof ApiError && error.status === 401)
    return {
      what,
      fix: `the relay does not take the token in ${tokenFile}: its audience must be RELAY_AUDIENCE of the relay, and this agent's service account one of RELAY_ACCOUNTS`,
    };
  if (known.code === 'ENOENT')
    return {
      what,
      fix: 'are RELAY_TOKEN_FILE and RELAY_CA files in this pod, as the component relay mounts them?',
    };
  return { what, fix: CONDITIONS.relayAway.remedy };
}

/** What an error of InfluxDB, or on the way there, means. */
export function faultOfInflux(error: unknown, target: Target): Fault {
  const known = errorOf(error);
  const status = error instanceof WriteError ? error.status : undefined;
  if (status !== undefined) return { what: known.message, fix: fixWrite(status, target) };
  const code = error instanceof WriteError ? error.connection : undefined;
  const fault = connectionFault({ message: known.message, code }, influxServer(target));
  return fault ?? { what: known.message, fix: CONDITIONS.influxAway.remedy };
}

function fixWrite(status: number, { api }: Target): string {
  const account = api === 2 ? 'INFLUX_TOKEN' : 'INFLUX_USERNAME and INFLUX_PASSWORD';
  if (status === 401) return `InfluxDB does not know the agent: check ${account}`;
  if (status === 403) {
    const where = api === 2 ? 'the bucket INFLUX_BUCKET' : 'the database INFLUX_DATABASE';
    return `InfluxDB does not let the agent write: may ${account} write to ${where}?`;
  }
  if (status === 404) {
    return api === 2
      ? 'check INFLUX_URL, INFLUX_BUCKET and INFLUX_ORG: do they exist? 1.x before 1.8 wants INFLUX_DATABASE instead'
      : 'check INFLUX_URL, and INFLUX_DATABASE: does it exist (CREATE DATABASE)? 2.x and 3 want INFLUX_BUCKET instead';
  }
  if (status === 407) return 'the proxy wants a user and a password: set them in HTTPS_PROXY';
  if (status === 413) return 'let InfluxDB, or the proxy before it, take requests of 1 MB and more';
  if (status === 429)
    return 'InfluxDB is overloaded, or a quota is used up: raise it, or lengthen INTERVAL';
  if (status >= 500) return 'InfluxDB, or the proxy before it, has a problem: read its log';
  return api === 2
    ? 'check INFLUX_URL, INFLUX_BUCKET and INFLUX_ORG, and what InfluxDB says'
    : 'check INFLUX_URL, INFLUX_DATABASE and INFLUX_RETENTION_POLICY, and what InfluxDB says';
}

/** What an error of SPOOL_DIR means for the rows that wait. */
export function spoolCondition(error: Error): Condition {
  return error instanceof LockError ? CONDITIONS.spoolLocked : CONDITIONS.spoolUnusable;
}

const ROOM = 'make room on the file system of SPOOL_DIR, or lower SPOOL_MAX';
const PERMISSION =
  'let the user that nstats runs as write to SPOOL_DIR; where SELinux is on, that takes the component selinux or openshift';
const NO_DIRECTORY = 'set SPOOL_DIR to a directory: there is a file on its way';
/** By the code of an error of SPOOL_DIR. */
const SPOOL_REMEDIES: { readonly [code: string]: string } = {
  ENOSPC: ROOM,
  EDQUOT: ROOM,
  EROFS: 'mount a volume at SPOOL_DIR that can be written',
  EACCES: PERMISSION,
  EPERM: PERMISSION,
  ENOTDIR: NO_DIRECTORY,
  EEXIST: NO_DIRECTORY,
  EIO: 'the disk of SPOOL_DIR is failing: read the log of the kernel',
  ERR_WINDOW_SIZE: 'raise SPOOL_MAX, or shorten INTERVAL: a shorter window is smaller',
};

/** What to do about an error of SPOOL_DIR; until then rows wait in memory only. */
export function spoolRemedy(error: Error): string {
  const { code = '' } = error as { readonly code?: string };
  return SPOOL_REMEDIES[code] ?? spoolCondition(error).remedy;
}
