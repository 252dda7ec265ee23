import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ApiClient, connect } from '../../lib/kubernetes/client/client.ts';
import { RelayedClient } from '../../lib/kubernetes/client/relayed.ts';
import { Directory } from '../../lib/naming/directory.ts';
import { podRecord } from '../../lib/kubernetes/records.ts';
import { reflect } from '../../lib/kubernetes/reflector.ts';
import { SHARED_RESOURCES } from '../../lib/kubernetes/stripped.ts';
import { Sync } from '../../lib/kubernetes/sync.ts';
import { followForRelay } from '../../lib/relay/follow.ts';
import { Relay } from '../../lib/relay/relay.ts';
import { RelayServer } from '../../lib/relay/server.ts';
import { gone, tooManyRequests } from '../lab/apiserver/faults.ts';
import { pod } from '../lab/apiserver/objects.ts';
import { type ApiServer, type RequestRecord, startApiServer } from '../lab/apiserver/server.ts';
import { until } from '../lab/influx.ts';
import { kubeconfigFor } from '../lab/kubeconfig.ts';
import { site } from './site.ts';

/** Pods on so many addresses, which change hands all the time. */
const ADDRESSES = 40;
const CHANGES_EVERY = 20;
/** Milliseconds without a byte after which an answer is given up. */
const IDLE = 4000;

const { directory, tls } = site();

interface Scene {
  readonly api: ApiServer;
  readonly tokens: Map<string, string>;
  /** The file out of which the token is read. */
  readonly tokenFile: string;
}

interface Case {
  readonly fault: string;
  /** How many times everything may be listed again. */
  readonly relists: 0 | 1;
  /** Brings the fault about; addresses change hands meanwhile. */
  readonly inject: (scene: Scene) => unknown;
  /** Ends it. */
  readonly mend?: (scene: Scene) => unknown;
}

const isWatch = ({ path }: RequestRecord) => path.includes('watch=');
const isOldList = ({ path }: RequestRecord) => /pods\?resourceVersion=\d/.test(path);
const calm = ({ api }: Scene) => api.fault(undefined);
const forget = ({ api }: Scene) => api.store.compact();

/** Ends what is under way, so that new requests meet the fault. */
function meet({ api }: Scene, fault: Parameters<ApiServer['fault']>[0]): void {
  api.fault(fault);
  api.cut();
}

const cases: readonly Case[] = [
  { fault: 'a connection that breaks', relists: 0, inject: ({ api }) => api.cut() },
  {
    fault: 'connections that are reset again and again',
    relists: 0,
    inject: (scene) => meet(scene, () => 'reset'),
    mend: calm,
  },
  {
    fault: '429 with Retry-After',
    relists: 0,
    inject: (scene) => meet(scene, () => tooManyRequests),
    mend: calm,
  },
  {
    fault: '503',
    relists: 0,
    inject: (scene) => meet(scene, () => ({ status: 503, headers: {}, body: 'no' })),
    mend: calm,
  },
  {
    fault: 'a token that is rotated',
    relists: 0,
    inject: ({ api, tokens, tokenFile }) => {
      tokens.delete('old');
      tokens.set('new', 'u');
      writeFileSync(tokenFile, 'new');
      api.cut();
    },
  },
  {
    fault: '410 as an event of the watch',
    relists: 1,
    inject: (scene) => meet(scene, (request) => (isWatch(request) ? 'reset' : 'proceed')),
    mend: (scene) => (forget(scene), calm(scene)),
  },
  {
    fault: '410 of the watch and then of the list',
    relists: 1,
    inject: (scene) => meet(scene, (request) => (isWatch(request) ? 'reset' : 'proceed')),
    mend: (scene) => {
      forget(scene);
      scene.api.fault((request) => (isOldList(request) ? gone : 'proceed'));
    },
  },
  {
    fault: 'a request that is never answered',
    relists: 0,
    inject: (scene) => meet(scene, () => 'hang'),
    mend: calm,
  },
  { fault: 'a watch that falls silent', relists: 0, inject: ({ api }) => api.mute(isWatch) },
  { fault: 'a connection that falls silent', relists: 0, inject: ({ api }) => api.freeze() },
  {
    fault: 'answers that trickle',
    relists: 0,
    inject: (scene) => meet(scene, () => ({ rate: 150_000 })),
    mend: calm,
  },
  {
    fault: 'streams that end in the middle of an event',
    relists: 0,
    inject: (scene) => meet(scene, () => ({ cutAfter: 1500 })),
    mend: calm,
  },
  {
    fault: 'a list that ends in the middle',
    relists: 1,
    inject: (scene) => meet(scene, (request) => (isWatch(request) ? 'reset' : 'proceed')),
    mend: (scene) => {
      forget(scene);
      let lists = 0;
      const cut = { cutAfter: 3000 };
      scene.api.fault((request) => (isWatch(request) || ++lists > 2 ? 'proceed' : cut));
    },
  },
  { fault: 'a GOAWAY', relists: 0, inject: ({ api }) => api.goaway() },
  {
    fault: 'an API server that is cut off and comes back',
    relists: 0,
    inject: ({ api }) => api.down(),
    mend: ({ api }) => api.up({ restarted: false }),
  },
  {
    fault: 'an API server that is restarted',
    relists: 1,
    inject: ({ api }) => api.down(),
    mend: ({ api }) => api.up(),
  },
];

/** Pods come and go on the addresses, each pod in place of another: who has which at the end. */
function churn(api: ApiServer): { stop: () => Map<string, string> } {
  const owners = new Map<string, string>();
  let count = 0;
  const change = () => {
    const ip = `10.244.0.${count % ADDRESSES}`;
    const old = owners.get(ip);
    if (old) api.store.remove('pods', old, 'n');
    const name = `pod-${++count}`;
    api.store.put('pods', pod({ name, namespace: 'n', nodeName: 'a', ips: [ip] }));
    owners.set(ip, name);
  };
  for (let at = 0; at < ADDRESSES; at += 1) change();
  const timer = setInterval(change, CHANGES_EVERY);
  return {
    stop() {
      clearInterval(timer);
      return owners;
    },
  };
}

for (const way of ['at the API server', 'through a relay'] as const)
  test(`after every fault the directory of an agent that asks ${way} is right, at the cost of one list at most`, {
    concurrency: true,
  }, async (t) => {
    const isRelayed = way === 'through a relay';
    await Promise.all(
      cases.map((each) => t.test(`${each.fault}, ${way}`, (t) => play(each, isRelayed, t))),
    );
  });

/** A relay in front of a client's server, and a client of the relay. */
async function behindRelay(client: ApiClient, own: string, signal: AbortSignal) {
  const relay = new Relay();
  const sync = new Sync(SHARED_RESOURCES);
  const server = new RelayServer({
    relay,
    authenticator: { admits: async () => true },
    tls: undefined,
    listen: { host: '127.0.0.1', port: 0 },
    unusable: () => {},
    failed: (error) => assert.fail(String(error)),
  });
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const nothing = { failed: () => {}, followed: () => {} };
  const followed = followForRelay({
    client,
    relay,
    sync,
    signal,
    log,
    idleTimeout: IDLE,
    ...nothing,
  });
  const url = `http://127.0.0.1:${await server.listen()}`;
  const options = { url, tokenFile: join(own, 'token'), fallback: Infinity };
  return {
    client: new RelayedClient(options, client),
    async end() {
      await server.end();
      await followed;
    },
  };
}

async function play(
  { fault, relists, inject, mend }: Case,
  isRelayed: boolean,
  t: TestContext,
): Promise<void> {
  const tokens = new Map([['old', 'u']]);
  const own = mkdtempSync(join(directory, 'case-'));
  const tokenFile = join(own, 'token');
  writeFileSync(tokenFile, 'old');
  const kubeconfig = join(own, 'kubeconfig');
  await using api = await startApiServer({ tls, tokens, bookmarkInterval: 500 });
  const bearer = kubeconfigFor(api.url, tls.ca, 'old');
  const provider = { name: 'tokenFile', config: { tokenFile } };
  const user = JSON.stringify({ 'auth-provider': provider });
  writeFileSync(kubeconfig, bearer.replace('{"token":"old"}', user));
  const scene = { api, tokens, tokenFile };
  const names = new Directory();
  const stop = new AbortController();
  let current = false;
  const direct = connect(kubeconfig, { pingEvery: 1000, patience: 2000 });
  const behind = isRelayed ? await behindRelay(direct, own, stop.signal) : undefined;
  const changes = reflect({
    client: behind?.client ?? direct,
    path: '/api/v1/pods',
    idleTimeout: IDLE,
    // These are not told to have run when they were deleted, so that nobody lingers.
    project: (object) => ({ ...podRecord(object), running: false }),
    signal: stop.signal,
    following: (yes) => void (current = yes),
    failed: () => {},
  });
  const follow = async () => {
    for await (const change of changes) {
      const now = Date.now();
      if (change.type === 'replace') names.replace('pod', change.objects, now);
      else if (change.type === 'put') names.put(change.object, now);
      else names.remove(change.object, now);
    }
  };
  const { stop: settle } = churn(api);
  const following = follow();
  try {
    await until(() => current && names.size > 0, 'the first list and watch');
    await inject(scene);
    await sleep(1500);
    await mend?.(scene);
    await sleep(200);
    const owners = settle();
    const isTrue = () => {
      const now = Date.now();
      names.forget(now);
      return [...owners].every(([ip, name]) => names.peer(ip, now, now).name === name);
    };
    await until(() => current && isTrue(), 'the truth', 60);
    assert.equal(names.size, ADDRESSES);
    const requests = api.requests.filter(({ path }) => path.startsWith('/api/v1/pods'));
    const lists = requests.filter((request) => !isWatch(request) && request.status === 200);
    const watches = requests.filter(isWatch);
    const failed = requests.length - lists.length - watches.length;
    t.diagnostic(`${lists.length} lists, ${failed} failed lists, ${watches.length} watches`);
    const cut = fault.startsWith('a list that ends') ? 2 : 0;
    assert.ok(lists.length - cut <= 1 + relists, `${lists.length} lists`);
  } finally {
    settle();
    stop.abort();
    await following;
    await behind?.end();
  }
}
