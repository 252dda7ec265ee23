import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { roomIn } from '../lib/influx/room.ts';
import { directoryName } from '../lib/influx/target-directory.ts';
import { encodeAgent } from '../lib/influx/encode.ts';
import { writer } from '../lib/influx/write.ts';
import type { ApiClient } from '../lib/kubernetes/client.ts';
import { readList } from '../lib/kubernetes/list.ts';
import { localPod } from '../lib/kubernetes/records.ts';
import type { LocalPod } from '../lib/model.ts';
import { locate, netnsOf } from '../lib/netns/locate.ts';
import { ProcessTable } from '../lib/netns/processes.ts';
import { resourcesOf } from './cluster.ts';
import type { Config } from './config.ts';
import { fixApi, fixCapture, fixInflux, fixSpool, FIX_NAMESPACES, FIX_NODE } from './fixes.ts';
import { captureLoopback } from './loopback.ts';
import { readNetworks, told } from './networks-file.ts';

export interface CheckOptions {
  readonly config: Config;
  readonly client: ApiClient;
  readonly proc: string;
  readonly print: (line: string) => void;
}

/** What was found good, or an error whose message says what is wrong; `fix` says what to do. */
interface Check {
  readonly name: string;
  readonly fix: (error: Error) => string;
  readonly run: () => Promise<string>;
}

type Get = (path: string) => Promise<Readable>;

const TIMEOUT = 10_000;

/** Tries once all that the daemon needs and prints what it found. Resolves to the exit code. */
export async function check(options: CheckOptions): Promise<number> {
  let failures = 0;
  for (const { name, fix, run } of checks(options)) {
    try {
      options.print(`ok    ${name}: ${await run()}`);
    } catch (cause) {
      const error = cause instanceof Error ? cause : new Error(String(cause));
      failures += 1;
      const what = error.name === 'AbortError' ? `no answer in ${TIMEOUT / 1000} s` : error.message;
      options.print(`FAIL  ${name}: ${what}\n      fix: ${fix(error)}`);
    }
  }
  options.print(failures === 0 ? 'All is there.' : `${failures} of these must be mended first.`);
  return failures === 0 ? 0 : 1;
}

function checks({ config, client, proc }: CheckOptions): Check[] {
  const get = (path: string) => client.get(path, AbortSignal.timeout(TIMEOUT));
  const capture: Check = {
    name: 'capture',
    fix: fixCapture,
    run: async () => {
      const bytes = await captureLoopback(proc, config.sidecar !== undefined);
      const entered = config.sidecar ? '' : 'a namespace can be entered, ';
      return `${entered}iftop runs unprivileged and counted ${bytes} bytes`;
    },
  };
  const influx: Check = {
    name: `InfluxDB at ${config.influx.url}`,
    fix: (error) => fixInflux(config.influx, error),
    run: async () => {
      const row = encodeAgent(config.node, Date.now(), { checks: { integer: 1 } });
      await writer(config.influx)([row]);
      return 'takes a row';
    },
  };
  const resources = resourcesOf(config).map((resource) => mayFollow(get, resource, config));
  const node = config.sidecar ? [] : nodeChecks(get, config.node, proc);
  const networks = config.networksFile ? [networksOf(config.networksFile)] : [];
  return [capture, ...resources, ...node, ...networks, spoolOf(config), influx];
}

function spoolOf({ spool: { directory: root, max }, influx }: Config): Check {
  const directory = join(root, directoryName(influx));
  return {
    name: `SPOOL_DIR ${directory}`,
    fix: fixSpool,
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
    fix: () => 'a file that is there, with `name: [CIDR, ...]` on each line; mend what is named',
    run: async () => {
      const { networks, mistakes } = await readNetworks(file);
      if (mistakes.length === 0) return `${networks.size} networks have names`;
      const summary = `${mistakes.length} mistakes, besides ${networks.size} networks with names`;
      throw new Error([summary, ...mistakes.map(told)].join('\n      '));
    },
  };
}

function mayFollow(get: Get, resource: string, { sidecar }: Config): Check {
  return {
    name: `API server, ${resource}`,
    fix: fixApi,
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

function nodeChecks(get: Get, node: string, proc: string): Check[] {
  let local: LocalPod[] = [];
  return [
    {
      name: `pods of node ${node}`,
      fix: () => FIX_NODE,
      run: async () => {
        local = await podsOf(get, node);
        const count = `${local.length} with a network of their own`;
        if (local.length === 0) throw new Error(`the API server knows ${count}`);
        return count;
      },
    },
    {
      name: 'network namespaces',
      fix: () => FIX_NAMESPACES,
      run: async () => {
        const forbidden = new Set([netnsOf(proc, 'self') ?? 0]);
        const processes = new ProcessTable(proc).all();
        const found = local.filter((pod) =>
          locate(proc, pod, processes.get(pod.cgroupUid) ?? [], forbidden),
        );
        const count = `${found.length} of ${local.length} pods found`;
        if (local.length > 0 && found.length === 0) throw new Error(`${count} in ${proc}`);
        return count;
      },
    },
  ];
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
