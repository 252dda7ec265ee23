import { once } from 'node:events';
import { CONDITIONS } from '../../lib/conditions.ts';
import { ConfigError } from '../../lib/config-error.ts';
import { errorOf } from '../../lib/error-of.ts';
import { ApiProblems } from '../../lib/kubernetes/api-problems.ts';
import type { ApiClient } from '../../lib/kubernetes/client/client.ts';
import { SHARED_RESOURCES } from '../../lib/kubernetes/stripped.ts';
import { Sync } from '../../lib/kubernetes/sync.ts';
import type { Log } from '../../lib/model.ts';
import { Authenticator } from '../../lib/relay/authenticator.ts';
import { followForRelay } from '../../lib/relay/follow.ts';
import { Relay } from '../../lib/relay/relay.ts';
import { RelayServer } from '../../lib/relay/server.ts';
import { apiServer, faultOfApi } from '../check/remedies.ts';
import { exposition } from '../http/metrics/exposition.ts';
import { serve } from '../http/server.ts';
import { limitGarbage } from '../limit-garbage.ts';
import type { Problems } from '../log.ts';
import type { RelayConfig } from './config.ts';
import { relayStatistics } from './statistics.ts';

export interface RunRelayOptions {
  readonly config: RelayConfig;
  readonly client: ApiClient;
  readonly log: Log;
  readonly problems: Problems;
  readonly signal: AbortSignal;
}

/** Per cent of what lives that may gather as garbage. */
const GARBAGE_MOST = 30;

/**
 * One watch for all agents: follows the API server and serves what it says to whoever has a token, until `signal` is
 * aborted.
 * @throws ConfigError when it cannot listen, or its certificate cannot be read
 */
export async function runRelay({ config, client, log, problems, signal }: RunRelayOptions) {
  const { audience, subjects, tls, relayListen, listen } = config;
  limitGarbage(GARBAGE_MOST);
  const relay = new Relay();
  const sync = new Sync(SHARED_RESOURCES);
  const explain = (error: unknown) => faultOfApi(error, apiServer(client));
  const apiProblems = new ApiProblems({ problems, sync, explain });
  const authenticator = new Authenticator({ client, audience, subjects, signal });
  const unusable = (error: unknown) =>
    problems.report('certificate', CONDITIONS.certificateUnusable, { error: String(error) });
  const failed = (error: unknown) => log.error({ error: String(error) }, 'a request has failed');
  const server = open({ relay, authenticator, tls, listen: relayListen, unusable, failed });
  const health = {
    alive: () => ({ ok: true, reasons: [`${server.connections} connections of agents`] }),
    ready: () => ({ ok: sync.complete, reasons: sync.reasons }),
  };
  const metrics = exposition(relayStatistics, { relay, server, sync, client });
  const probes = await serve(listen, health, metrics);
  const followed = followForRelay({
    client,
    relay,
    sync,
    signal,
    log,
    failed: (resource, error) => apiProblems.failed(resource, error),
    followed: (resource) => apiProblems.followed(resource),
  });
  try {
    await server.listen();
  } catch (cause) {
    const { host = '', port } = relayListen;
    const why = errorOf(cause).message;
    throw new ConfigError([`RELAY_LISTEN is "${host}:${port}"; it cannot be used: ${why}`]);
  }
  if (!signal.aborted) await once(signal, 'abort');
  await server.end();
  probes.close();
  probes.closeAllConnections();
  await followed;
}

function open(options: ConstructorParameters<typeof RelayServer>[0]): RelayServer {
  try {
    return new RelayServer(options);
  } catch (cause) {
    const { cert, key } = options.tls ?? {};
    const why = errorOf(cause).message;
    throw new ConfigError([
      `RELAY_TLS_CERT is "${cert}" and RELAY_TLS_KEY is "${key}"; they cannot be used: ${why}`,
    ]);
  }
}
