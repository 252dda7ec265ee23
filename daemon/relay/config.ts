import { ConfigError } from '../../lib/config-error.ts';
import type { LogLevel } from '../config.ts';
import { type Address, address, type Environment, settingsOf } from '../settings.ts';

export interface RelayConfig {
  readonly kubeconfig: string | undefined;
  /** Where agents are served. */
  readonly relayListen: Address;
  /** PEM files; undefined for plain HTTP. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  readonly audience: string;
  /** The service accounts of the agents, as `system:serviceaccount:namespace:name`. */
  readonly subjects: ReadonlySet<string>;
  /** Where the probes and metrics are. */
  readonly listen: Address;
  readonly logLevel: LogLevel;
}

/** Shown by `nstats relay --help`, and the order of the table in docs/relay.md. */
export const RELAY_VARIABLES: readonly (readonly [
  name: string,
  fallback: string,
  meaning: string,
])[] = [
  ['KUBECONFIG', 'in-cluster', 'path of a kubeconfig; only needed outside a cluster'],
  ['RELAY_LISTEN', ':9443', 'where agents are served: [host]:port'],
  [
    'RELAY_TLS_CERT',
    'required',
    'PEM file of the certificate, and of those between it and its authority',
  ],
  ['RELAY_TLS_KEY', 'required', 'PEM file of its key'],
  [
    'RELAY_PLAIN',
    'false',
    'true: plain HTTP without a certificate; tokens and names can be read on the way',
  ],
  ['RELAY_AUDIENCE', 'nstats-relay', "what agents' tokens must be for"],
  [
    'RELAY_ACCOUNTS',
    'nstats/nstats',
    'service accounts that are served, as namespace/name, separated by commas',
  ],
  ['LISTEN', ':9790', 'where /healthz, /readyz and /metrics are: [host]:port'],
  ['LOG_LEVEL', 'info', 'debug, info, warn or error'],
];

/**
 * Reads the relay's configuration from environment variables. An empty variable counts as not set.
 * @throws ConfigError with every mistake at once
 */
export function readRelayConfig(environment: Environment): RelayConfig {
  const { mistakes, get, wrong, read, oneOf } = settingsOf(environment);
  const isPlain = oneOf('RELAY_PLAIN', 'false', ['true', 'false']) === 'true';
  const file = (name: string, what: string) => {
    const path = get(name);
    if (isPlain && path) wrong(name, 'left out when RELAY_PLAIN is true');
    if (!isPlain && !path) wrong(name, `a PEM file of ${what}, unless RELAY_PLAIN is true`);
    return path ?? '';
  };
  const tls = {
    cert: file('RELAY_TLS_CERT', 'a certificate'),
    key: file('RELAY_TLS_KEY', 'its key'),
  };
  const where = { host: undefined, port: 9443 };
  const config = {
    kubeconfig: get('KUBECONFIG'),
    relayListen: read<Address>('RELAY_LISTEN', where, 'an address such as :9443', address),
    tls: isPlain ? undefined : tls,
    audience: get('RELAY_AUDIENCE') ?? 'nstats-relay',
    subjects: read(
      'RELAY_ACCOUNTS',
      accounts('nstats/nstats') ?? new Set<string>(),
      ACCOUNTS,
      accounts,
    ),
    listen: read<Address>(
      'LISTEN',
      { host: undefined, port: 9790 },
      'an address such as :9790',
      address,
    ),
    logLevel: oneOf<LogLevel>('LOG_LEVEL', 'info', ['debug', 'info', 'warn', 'error']),
  };
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  return config;
}

const ACCOUNTS = 'service accounts as namespace/name, separated by commas';

function accounts(text: string): ReadonlySet<string> | undefined {
  const list = text.split(',').map((account) => account.trim());
  if (!list.every((account) => /^[-a-z0-9]+\/[-.a-z0-9]+$/.test(account))) return undefined;
  return new Set(list.map((account) => `system:serviceaccount:${account.replace('/', ':')}`));
}
