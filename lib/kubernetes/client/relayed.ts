import { type LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { shuffled } from '../../shuffled.ts';
import { ExpiredError } from '../expired-error.ts';
import { ApiError } from './api-error.ts';
import { type ApiClient, connectByToken } from './client.ts';
import { Outage } from './outage.ts';

export interface RelayOptions {
  /** The relay's service; every address that its host has is a replica. */
  readonly url: string;
  /** PEM file of the authority of the relay's certificate; undefined for the public ones. */
  readonly authority?: string | undefined;
  /** File of a token for the relay. */
  readonly tokenFile: string;
  /** Milliseconds of trouble with all replicas after which the API server itself is asked; Infinity: never. */
  readonly fallback: number;
  /** Finds the addresses of a host; by default as the system does. */
  readonly addressesOf?: (host: string) => Promise<readonly LookupAddress[]>;
}

/** Milliseconds for the addresses of the replicas, and for the head of a relay's answer. */
const PATIENCE = 5000;
/** Milliseconds without a failure after which trouble is over. */
const OVER = 60_000;
/** Milliseconds after which a relay is tried again, while the API server is asked. */
const RETRY = 120_000;
/** Milliseconds. A failure so soon after another one is of the same replica. */
const SAME = 500;
/** How often a relay says that nothing has changed, in milliseconds: `BEAT` of lib/relay. */
const BEAT = 1000;

/**
 * A client of the relay's replicas: of another one after each failure, and when none of them has been of use for long, of
 * the API server. Their resourceVersions are the API server's own, so a watch goes on wherever it is resumed.
 */
export class RelayedClient implements ApiClient {
  readonly server: string;
  readonly inCluster = false;
  readonly figures = { requests: 0, bytes: 0, connections: 0 };
  readonly outage = new Outage();
  readonly #options: RelayOptions;
  readonly #direct: Pick<ApiClient, 'get' | 'clean'>;
  /** Each agent has a fallback of its own, so that not all of them turn to the API server at once. */
  readonly #fallback: number;
  /** By their addresses; there are few, and each keeps its connection. */
  readonly #clients = new Map<string, ApiClient>();
  #replicas: Promise<ApiClient[]> | undefined;
  /** One that hangs takes a thread: there is no other one beside it. */
  #looking: Promise<readonly LookupAddress[]> | undefined;
  #isDirect = false;
  #retryAt = 0;
  /** When trouble began, and when something failed last, by `performance.now()`. */
  #trouble = 0;
  #failed = -Infinity;

  /** A text of any of the servers without the agent's credentials. */
  readonly clean: ApiClient['clean'] = (text) =>
    [this.#direct, ...this.#clients.values()].reduce((left, client) => client.clean(left), text);

  constructor(options: RelayOptions, direct: Pick<ApiClient, 'get' | 'clean'>) {
    this.#options = options;
    this.#direct = direct;
    this.server = options.url;
    this.#fallback = options.fallback * (0.2 + 0.8 * Math.random());
  }

  /** Whether the API server is asked, since no relay is of use. */
  get isDirect(): boolean {
    return this.#isDirect;
  }

  get beat(): number | undefined {
    return this.#isDirect ? undefined : BEAT;
  }

  async get(path: string, signal: AbortSignal, patience?: number): Promise<Readable> {
    if (!this.#isDirect) return this.#ask(path, signal);
    if (performance.now() > this.#retryAt) {
      this.#retryAt = performance.now() + RETRY;
      try {
        const body = await this.#ask(path, signal);
        this.#isDirect = false;
        return body;
      } catch {
        this.#replicas = undefined;
      }
    }
    return this.#direct.get(path, signal, patience);
  }

  failed(error: unknown): void {
    const isNoTrouble =
      error instanceof ExpiredError || (error instanceof ApiError && error.status === 410);
    const now = performance.now();
    if (this.#isDirect || isNoTrouble || now - this.#failed < SAME) return;
    if (now - this.#failed > OVER) this.#trouble = now;
    this.#failed = now;
    this.#isDirect = now - this.#trouble > this.#fallback;
    if (this.#isDirect) {
      this.#retryAt = now + RETRY;
      this.outage.over();
    } else {
      this.#replicas = this.#next();
      // The next request is told; nobody waits until then.
      this.#replicas.catch(() => {});
    }
  }

  async #ask(path: string, signal: AbortSignal): Promise<Readable> {
    this.#replicas ??= this.#find();
    const [first] = await this.#replicas.catch((error: unknown) => {
      this.#replicas = undefined;
      throw error;
    });
    if (!first) throw new Error(`${this.#options.url} has no address`);
    return first.get(path, signal, PATIENCE);
  }

  /** The other replicas, or whatever replicas there are by now. */
  async #next(): Promise<ApiClient[]> {
    const [, ...others] = (await this.#replicas?.catch(() => [])) ?? [];
    return others.length > 0 ? others : this.#find();
  }

  async #find(): Promise<ApiClient[]> {
    const { hostname } = new URL(this.#options.url);
    const { addressesOf = async (host: string) => lookup(host, { all: true }) } = this.#options;
    this.#looking ??= addressesOf(hostname.replace(/^\[|\]$/g, '')).finally(
      () => (this.#looking = undefined),
    );
    const addresses = await Promise.race([this.#looking, lateFor(hostname)]);
    for (const known of this.#clients.keys())
      if (!addresses.some(({ address }) => address === known)) this.#clients.delete(known);
    return shuffled(addresses).map(({ address, family }) => {
      const host = family === 6 ? `[${address}]` : address;
      const client = this.#clients.get(address) ?? this.#connect(hostname, host);
      this.#clients.set(address, client);
      return client;
    });
  }

  #connect(hostname: string, address: string): ApiClient {
    const { url, authority, tokenFile } = this.#options;
    const server = new URL(url);
    server.hostname = address;
    const name = isIP(hostname.replace(/^\[|\]$/g, '')) ? undefined : hostname;
    const target = { url: server.href.replace(/\/$/, ''), authority, name, tokenFile };
    const { outage, figures } = this;
    return connectByToken(target, { patience: PATIENCE, outage, figures, inTheClear: true });
  }
}

async function lateFor(host: string): Promise<never> {
  await sleep(PATIENCE, undefined, { ref: false });
  throw new Error(`no address of ${host} within ${PATIENCE / 1000} s`);
}
