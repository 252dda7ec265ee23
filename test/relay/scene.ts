import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '../../lib/kubernetes/client/client.ts';
import { RelayedClient } from '../../lib/kubernetes/client/relayed.ts';
import { SHARED_RESOURCES } from '../../lib/kubernetes/stripped.ts';
import { Sync } from '../../lib/kubernetes/sync.ts';
import { Authenticator } from '../../lib/relay/authenticator.ts';
import { followForRelay } from '../../lib/relay/follow.ts';
import { Relay } from '../../lib/relay/relay.ts';
import { RelayServer } from '../../lib/relay/server.ts';
import { Issuer } from '../lab/apiserver/issuer.ts';
import { type ApiServer, startApiServer } from '../lab/apiserver/server.ts';
import { selfSigned } from '../lab/apiserver/tls.ts';
import { kubeconfigFor } from '../lab/kubeconfig.ts';

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

/** A relay in this process, on an address of loopback. */
export interface Replica {
  readonly relay: Relay;
  readonly server: RelayServer;
  readonly sync: Sync;
  readonly port: number;
  end(): Promise<void>;
}

/** An API server with an issuer of tokens, and what is needed to run relays and agents against it. */
export class Scene {
  readonly api: ApiServer;
  readonly issuer: Issuer;
  readonly directory: string;
  /** Of the relays, and of the API server. */
  readonly tls: { readonly cert: string; readonly key: string; readonly ca: string };
  readonly tokenFile: string;
  readonly kubeconfig: string;
  readonly #replicas: Replica[] = [];

  private constructor(api: ApiServer, issuer: Issuer, directory: string, ca: string) {
    [this.api, this.issuer, this.directory] = [api, issuer, directory];
    const file = (name: string) => join(directory, name);
    this.tls = { cert: file('tls.crt'), key: file('tls.key'), ca: file('ca.crt') };
    this.tokenFile = file('token');
    this.kubeconfig = file('kubeconfig');
    writeFileSync(this.kubeconfig, kubeconfigFor(api.url, ca, 'relay'));
  }

  static async create(options: Partial<Parameters<typeof startApiServer>[0]> = {}): Promise<Scene> {
    const directory = mkdtempSync(join(tmpdir(), 'nstats-relay-'));
    const tls = selfSigned(directory, ['127.0.0.1', '127.0.0.2', 'localhost']);
    const issuer = await Issuer.create();
    const tokens = new Map([['relay', 'system:serviceaccount:nstats:nstats-relay']]);
    const api = await startApiServer({ tls, tokens, issuer, ...options });
    const scene = new Scene(api, issuer, directory, tls.ca);
    writeFileSync(scene.tls.cert, tls.cert);
    writeFileSync(scene.tls.key, tls.key);
    writeFileSync(scene.tls.ca, tls.ca);
    writeFileSync(scene.tokenFile, await issuer.token());
    return scene;
  }

  /** Starts a relay. `plain`: without TLS; `history`: bytes of changes that it keeps. */
  async replica({ host = '127.0.0.1', port = 0, history = 1e6 } = {}): Promise<Replica> {
    const client = connect(this.kubeconfig);
    const stop = new AbortController();
    const { signal } = stop;
    const relay = new Relay(history);
    const sync = new Sync(SHARED_RESOURCES);
    const subjects = new Set(['system:serviceaccount:nstats:nstats']);
    const authenticator = new Authenticator({ client, audience: 'nstats-relay', subjects, signal });
    const server = new RelayServer({
      relay,
      authenticator,
      tls: this.tls,
      listen: {
        host,
        port,
      },
      unusable: () => {},
      failed: (error) => assert.fail(String(error)),
    });
    const followed = followForRelay({
      client,
      relay,
      sync,
      signal,
      log: SILENT,
      failed: () => {},
      followed: () => {},
    });
    const listening = await server.listen();
    const end = async () => {
      stop.abort();
      await server.end();
      await followed;
    };
    const replica = { relay, server, sync, port: listening, end };
    this.#replicas.push(replica);
    return replica;
  }

  /** An agent's client of relays on a port of some addresses of loopback. `hangs`: its DNS never answers. */
  client(
    port: number,
    { fallback = Infinity, addresses = ['127.0.0.1'], hangs = false } = {},
  ): RelayedClient {
    const { tokenFile } = this;
    const url = `https://localhost:${port}`;
    const addressesOf = async (host: string) => {
      if (hangs) await new Promise(() => {});
      if (addresses.length === 0) throw new Error(`getaddrinfo ENOTFOUND ${host}`);
      return addresses.map((address) => ({ address, family: 4 }));
    };
    const options = { url, authority: this.tls.ca, tokenFile, fallback, addressesOf };
    return new RelayedClient(options, connect(this.kubeconfig));
  }

  async end(): Promise<void> {
    await Promise.all(this.#replicas.map(async (replica) => replica.end()));
    await this.api.close();
    rmSync(this.directory, { recursive: true });
  }
}
