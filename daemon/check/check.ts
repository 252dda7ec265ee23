import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CONDITIONS } from '../../lib/conditions.ts';
import { roomIn } from '../../lib/influx/spool/room.ts';
import { directoryName } from '../../lib/influx/spool/target-directory.ts';
import { encodeAgent } from '../../lib/influx/line-protocol.ts';
import { writer } from '../../lib/influx/writer.ts';
import type { ApiClient } from '../../lib/kubernetes/client/client.ts';
import { RelayedClient, type RelayOptions } from '../../lib/kubernetes/client/relayed.ts';
import { resourcesOf } from '../../lib/kubernetes/follow-cluster.ts';
import { readNetworks, described } from '../../lib/naming/networks-file.ts';
import { counted } from '../../lib/words.ts';
import type { Config } from '../config.ts';
import { type Check, findingOf, FoundError } from './finding.ts';
import { captureChecks } from './capture-checks.ts';
import { type Get, nodeChecks } from './node-checks.ts';
import {
  apiFinding,
  faultOfInflux,
  faultOfRelay,
  spoolCondition,
  spoolRemedy,
} from './remedies.ts';

export interface CheckOptions {
  readonly config: Config;
  readonly client: Pick<ApiClient, 'server' | 'inCluster' | 'via' | 'get' | 'clean'>;
  readonly proc: string;
  readonly print: (line: string) => void;
}

/** Milliseconds. */
const TIMEOUT = 10_000;

/** Tries once all that the daemon needs and prints what it found. Resolves to the exit code. */
export async function check(options: CheckOptions): Promise<number> {
  let failures = 0;
  for (const { name, run, explain } of checks(options)) {
    try {
      options.print(`ok    ${name}: ${await run()}`);
    } catch (cause) {
      failures += 1;
      const { condition, what, fix } =
        cause instanceof FoundError ? cause.finding : explain(withReason(cause));
      options.print(`FAIL  ${name}: ${condition.sentence}: ${what}\n      fix: ${fix}`);
    }
  }
  options.print(failures === 0 ? 'All is there.' : `${failures} of these must be mended first.`);
  return failures === 0 ? 0 : 1;
}

/** The error of a request that was aborted says that there was no answer in time. */
function withReason(cause: unknown): Error {
  const error = cause instanceof Error ? cause : new Error(String(cause));
  if (!/^(Abort|Timeout)Error$/.test(error.name)) return error;
  const late = new Error(`no answer in ${TIMEOUT / 1000} s`, { cause });
  return Object.assign(late, { code: 'ETIMEDOUT' });
}

function checks({ config, client, proc }: CheckOptions): Check[] {
  const get: Get = (path) => client.get(path, AbortSignal.timeout(TIMEOUT));
  const influx: Check = {
    name: `InfluxDB at ${config.influx.url}`,
    explain: (error) => ({
      condition: CONDITIONS.influxAway,
      ...faultOfInflux(error, config.influx),
    }),
    run: async () => {
      const row = encodeAgent(config, Date.now(), { checks: { integer: 1 } });
      await writer(config.influx)(row);
      return 'takes a row';
    },
  };
  const resources = resourcesOf(config).map((resource) =>
    mayFollow(get, resource, config, (error) => apiFinding(error, client, resource)),
  );
  const node = config.sidecar ? [] : nodeChecks(get, { config, client, proc });
  const relay = config.relay ? [relayOf(config.relay, client)] : [];
  const networks = config.networksFile ? [networksOf(config.networksFile)] : [];
  const authorities = config.extraAuthorities ? [authoritiesOf(config.extraAuthorities)] : [];
  return [
    ...captureChecks(config, proc),
    ...resources,
    ...relay,
    ...node,
    ...networks,
    spoolOf(config),
    ...authorities,
    influx,
  ];
}

function relayOf(options: RelayOptions, client: CheckOptions['client']): Check {
  const relay = new RelayedClient({ ...options, fallback: Infinity }, client);
  return {
    name: `relay at ${options.url}`,
    explain: (error) => ({ condition: CONDITIONS.relayAway, ...faultOfRelay(error, options) }),
    run: async () => {
      const signal = AbortSignal.timeout(TIMEOUT);
      (await relay.get('/api/v1/nodes?resourceVersion=0', signal)).destroy();
      return 'serves this agent';
    },
  };
}

/** Node only warns of a file that it cannot read. */
function authoritiesOf(file: string): Check {
  return {
    name: `NODE_EXTRA_CA_CERTS ${file}`,
    explain: (error) => findingOf(CONDITIONS.authoritiesUnreadable, error),
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
    explain: (error) => findingOf(spoolCondition(error), error, spoolRemedy(error)),
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
    explain: (error) => findingOf(CONDITIONS.networksUnreadable, error),
    run: async () => {
      const { networks, mistakes } = await readNetworks(file);
      if (mistakes.length === 0)
        return counted(networks.size, 'network has a name', 'networks have names');
      const summary = `${counted(mistakes.length, 'mistake')}, besides ${counted(networks.size, 'network')} with names`;
      const lines = [summary, ...mistakes.map(described)].join('\n      ');
      throw new FoundError(CONDITIONS.networksMistaken, lines);
    },
  };
}

function mayFollow(
  get: Get,
  resource: string,
  { sidecar }: Config,
  explain: Check['explain'],
): Check {
  return {
    name: `API server, ${resource}`,
    explain,
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
