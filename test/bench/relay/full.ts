/**
 * The memory of a relay that has as many connections as it takes: of clients that list and watch everything as agents do,
 * and keep nothing of it.
 *
 *   node test/bench/relay/full.ts
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { SHARED_RESOURCES } from '../../../lib/kubernetes/stripped.ts';
import { makeBundle } from '../../image/bundle.ts';
import { selfSigned } from '../../lab/apiserver/tls.ts';
import { kubeconfigFor } from '../../lab/kubeconfig.ts';
import { start } from '../api/channel.ts';
import type { Started } from '../api/server.ts';
import { megabytes } from '../node/figures.ts';
import { freePort, startReplica } from './replica.ts';

/** `CONNECTIONS` of lib/relay/server.ts. */
const CLIENTS = 2500;
/** Milliseconds between two clients, and after the last. */
const [APART, SETTLE] = [10, 20_000];
/** Bytes that a relay may send ahead: the same as lib/kubernetes/client/http2.ts. */
const [STREAM_WINDOW, CONNECTION_WINDOW] = [4 << 20, 1 << 30];

const directory = mkdtempSync(join(tmpdir(), 'nstats-bench-'));
const file = (name: string) => join(directory, name);
process.once('exit', () => rmSync(directory, { recursive: true }));
const api = start('server.ts', '--max-old-space-size=8192');
const { url, ca } = await api.ask<Started>('start');
writeFileSync(file('kubeconfig'), kubeconfigFor(url, ca, 'relay'));
const { ca: authority } = selfSigned(directory, ['localhost']);
const token = await api.ask<string>('token');
const version = await api.ask<number>('burst', '1');

using bundle = makeBundle(directory);
const [host, port] = ['127.0.0.1', await freePort()];
const tls = { cert: file('tls.crt'), key: file('tls.key') };
const relay = await startReplica({
  main: bundle.main,
  host,
  port,
  kubeconfig: file('kubeconfig'),
  tls,
});
const say = (what: string) => {
  const { rss, pss, peak } = relay.memory();
  console.log(
    `${what}: PSS ${megabytes(pss)}, resident ${megabytes(rss)}, at the most ${megabytes(peak)} MB`,
  );
};
await api.ask('change', '0');
say('no client');

const following: Promise<void>[] = [];
const sessions: ClientHttp2Session[] = [];
for (let nth = 0; nth < CLIENTS; nth += 1) {
  const options = { ca: authority, servername: 'localhost' };
  const settings = { enablePush: false, initialWindowSize: STREAM_WINDOW };
  const session = connect(`https://${host}:${port}`, { ...options, settings });
  session.once('connect', () => session.setLocalWindowSize(CONNECTION_WINDOW));
  sessions.push(session);
  following.push(...SHARED_RESOURCES.map(async (resource) => follow(session, resource)));
  await sleep(APART);
}
await Promise.all(following);
say(`${CLIENTS} clients follow`);
await sleep(SETTLE);
say(`${SETTLE / 1000} s later`);
console.log(`watches: ${await relay.metric('watches')}`);
for (const session of sessions) session.destroy();
await relay.end();
await api.end();

/** Resolves when the watch has begun. */
async function follow(session: ClientHttp2Session, resource: string): Promise<void> {
  const ask = (query: string): ClientHttp2Stream =>
    session
      .request({
        ':path': `/api/v1/${resource}${query}`,
        authorization: `Bearer ${token}`,
        'accept-encoding': 'gzip',
      })
      .on('error', () => {})
      .resume();
  await once(ask(''), 'end');
  await once(ask(`?watch=1&resourceVersion=${version}`), 'response');
}
