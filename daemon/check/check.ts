import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { errorOf } from '../../lib/error-of.ts';
import { roomIn } from '../../lib/influx/spool/room.ts';
import { directoryName } from '../../lib/influx/spool/target-directory.ts';
import { encodeAgent } from '../../lib/influx/line-protocol.ts';
import { writer } from '../../lib/influx/writer.ts';
import { type ApiClient, ApiError } from '../../lib/kubernetes/client/client.ts';
import { readList } from '../../lib/kubernetes/list.ts';
import { localPod } from '../../lib/kubernetes/records.ts';
import type { LocalPod, Netns } from '../../lib/model.ts';
import { readNetDev } from '../../lib/linux/interface-counters.ts';
import { interfacesIn } from '../../lib/linux/interfaces.ts';
import { resourcesOf } from '../../lib/kubernetes/follow-cluster.ts';
import type { Config } from '../config.ts';
import type { Fault } from './connection.ts';
import {
  apiServer,
  faultOfApi,
  faultOfInflux,
  captureRemedy,
  NAMESPACES_REMEDY,
  NODE_REMEDY,
  spoolRemedy,
} from './remedies.ts';
import { INTERFACES_REMEDY } from '../../lib/capture/pod-interfaces.ts';
import { captureLoopback } from './loopback-capture.ts';
import { NamespaceFinder } from '../../lib/capture/namespace-finder.ts';
import { readNetworks, described } from '../../lib/naming/networks-file.ts';
import { counted } from '../../lib/words.ts';

export interface CheckOptions {
  readonly config: Config;
  readonly client: ApiClient;
  readonly proc: string;
  readonly print: (line: string) => void;
}

/** What was found good, or an error; `fault` says what it means and what to do. */
interface Check {
  readonly name: string;
  readonly fault: (error: Error) => Fault;
  readonly run: () => Promise<string>;
}

/** The node is there by another name, or not at all. */
class UnknownNodeError extends Error {
  readonly code = 'ERR_UNKNOWN_NODE';
}

type Get = (path: string) => Promise<Readable>;

const TIMEOUT = 10_000;

/** Tries once all that the daemon needs and prints what it found. Resolves to the exit code. */
export async function check(options: CheckOptions): Promise<number> {
  let failures = 0;
  for (const { name, fault, run } of checks(options)) {
    try {
      options.print(`ok    ${name}: ${await run()}`);
    } catch (cause) {
      const error = errorOf(cause);
      failures += 1;
      const late = Object.assign(new Error(`no answer in ${TIMEOUT / 1000} s`), {
        code: 'ETIMEDOUT',
      });
      const { what, fix } = fault(/^(Abort|Timeout)Error$/.test(error.name) ? late : error);
      options.print(`FAIL  ${name}: ${what}\n      fix: ${fix}`);
    }
  }
  options.print(failures === 0 ? 'All is there.' : `${failures} of these must be mended first.`);
  return failures === 0 ? 0 : 1;
}

function checks({ config, client, proc }: CheckOptions): Check[] {
  const get = (path: string) => client.get(path, AbortSignal.timeout(TIMEOUT));
  const capture: Check = {
    name: 'capture',
    fault: saying(captureRemedy),
    run: async () => {
      const bytes = await captureLoopback(proc, config.sidecar !== undefined);
      const entered = config.sidecar ? '' : 'a namespace can be entered, ';
      return `${entered}iftop runs unprivileged and counted ${bytes} bytes`;
    },
  };
  const influx: Check = {
    name: `InfluxDB at ${config.influx.url}`,
    fault: (error) => faultOfInflux(error, config.influx),
    run: async () => {
      const row = encodeAgent(config, Date.now(), { checks: { integer: 1 } });
      await writer(config.influx)([row]);
      return 'takes a row';
    },
  };
  const api = (error: Error) => faultOfApi(error, apiServer(client));
  const resources = resourcesOf(config).map((resource) => mayFollow(get, resource, config, api));
  const node = config.sidecar ? [] : nodeChecks(get, config, proc, api);
  const networks = config.networksFile ? [networksOf(config.networksFile)] : [];
  const authorities = config.extraAuthorities ? [authoritiesOf(config.extraAuthorities)] : [];
  return [capture, ...resources, ...node, ...networks, spoolOf(config), ...authorities, influx];
}

/** Node goes on without a file that it cannot read. */
function authoritiesOf(file: string): Check {
  return {
    name: `NODE_EXTRA_CA_CERTS ${file}`,
    fault: saying(() => 'mount a file there that can be read and has the certificates as PEM'),
    run: async () => {
      const found = (await readFile(file, 'utf8')).match(
        /-----BEGIN (TRUSTED |X509 )?CERTIFICATE-----/g,
      );
      if (!found) throw new Error('no certificate (PEM) is in it');
      return counted(found.length, 'certificate');
    },
  };
}

function spoolOf({ spool: { directory: root, max }, influx }: Config): Check {
  const directory = join(root, directoryName(influx));
  return {
    name: `SPOOL_DIR ${directory}`,
    fault: saying(spoolRemedy),
    run: async () => {
      const room = await roomIn(directory);
      const enough = room >= max ? '' : ', which is less than SPOOL_MAX';
      return `can be written, and has room for ${Math.floor(room / 1024 / 1024)} MiB${enough}`;
    },
  };
}

function networksOf(file: string): Check {
  return {
    name: `NETWORKS_FILE ${file}`,
    fault: saying(
      () => 'a file that is there, with `name: [CIDR, ...]` on each line; mend what is named',
    ),
    run: async () => {
      const { networks, mistakes } = await readNetworks(file);
      if (mistakes.length === 0)
        return counted(networks.size, 'network has a name', 'networks have names');
      const summary = `${counted(mistakes.length, 'mistake')}, besides ${counted(networks.size, 'network')} with names`;
      throw new Error([summary, ...mistakes.map(described)].join('\n      '));
    },
  };
}

function mayFollow(get: Get, resource: string, { sidecar }: Config, fault: Check['fault']): Check {
  return {
    name: `API server, ${resource}`,
    fault,
    run: async () => {
      try {
        (await get(`/api/v1/${resource}?limit=1`)).destroy();
        (await get(`/api/v1/${resource}?watch=1&timeoutSeconds=1&resourceVersion=0`)).destroy();
      } catch (error) {
        if (sidecar) return `may not be followed, so peers are not named by it (${String(error)})`;
        throw error;
      }
      return 'may list and watch';
    },
  };
}

function nodeChecks(
  get: Get,
  { node, interfaces }: Config,
  proc: string,
  api: Check['fault'],
): Check[] {
  let local: LocalPod[] | undefined;
  let found: Netns[] = [];
  return [
    {
      name: `pods of node ${node}`,
      fault: (error) =>
        error instanceof UnknownNodeError ? { what: error.message, fix: NODE_REMEDY } : api(error),
      run: async () => {
        local = await podsOf(get, node);
        if (local.length === 0) await mustExist(get, node);
        return `${local.length} with a network of their own`;
      },
    },
    {
      name: 'network namespaces',
      fault: saying(() =>
        local ? NAMESPACES_REMEDY : `mend what is said of the pods of node ${node} first`,
      ),
      run: async () => {
        if (!local) throw new Error('not looked for, since the pods of the node are not known');
        const finder = new NamespaceFinder({ proc, interfaces, patience: 0 });
        finder.look();
        // By the API the others have no network yet, or are losing it.
        const ready = local.filter(({ ips, terminating }) => ips.length > 0 && !terminating);
        found = ready.flatMap((pod) => finder.find(pod) ?? []);
        const count = `${found.length} of ${ready.length} pods found`;
        // Our own can be looked at without any right.
        const others = found.filter(({ inode }) => inode !== finder.own);
        const ours = found.length - others.length;
        if (ready.length > ours && others.length === 0) throw new Error(`${count} in ${proc}`);
        return count;
      },
    },
    {
      name: `IFACE ${interfaces.join()}`,
      fault: saying(() =>
        local ? INTERFACES_REMEDY : `mend what is said of the pods of node ${node} first`,
      ),
      run: async () => {
        if (!local) throw new Error('not looked for, since the pods of the node are not known');
        const names = found.map(({ inode, pid }) =>
          interfacesIn(readNetDev(proc, inode, [pid]) ?? ''),
        );
        const having = names.filter((present) => interfaces.some((name) => present.includes(name)));
        const count = `in ${having.length} of ${found.length} network namespaces`;
        if (found.length === 0 || having.length > 0) return count;
        throw new Error(`${count}; they have ${[...new Set(names.flat())].join(', ')}`);
      },
    },
  ];
}

/** An error as it says itself, with a remedy. */
function saying(fix: (error: Error) => string): Check['fault'] {
  return (error) => ({ what: error.message, fix: fix(error) });
}

/** A node may have no pods; one that is not there has none either. */
async function mustExist(get: Get, node: string): Promise<void> {
  try {
    (await get(`/api/v1/nodes/${encodeURIComponent(node)}`)).destroy();
  } catch (error) {
    const isUnknown = error instanceof ApiError && error.status === 404;
    if (isUnknown)
      throw new UnknownNodeError(`the API server knows no node ${node}`, { cause: error });
    // That we may not read nodes is said of the nodes.
  }
}

async function podsOf(get: Get, node: string): Promise<LocalPod[]> {
  const query = new URLSearchParams({
    resourceVersion: '0',
    fieldSelector: `spec.nodeName=${node}`,
  });
  const pods: LocalPod[] = [];
  await readList(await get(`/api/v1/pods?${query}`), (object) => {
    const pod = localPod(object);
    if (pod) pods.push(pod);
  });
  return pods;
}
