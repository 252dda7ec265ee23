import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, RequestListener } from 'node:http';
import { createServer, request } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import type { ApiClient } from '../../lib/kubernetes/client/client.ts';
import { pod } from '../lab/apiserver/objects.ts';
import { until } from '../lab/influx.ts';
import { Agent } from './agent.ts';
import { type Replica, Scene } from './scene.ts';

let scene: Scene;
let agents: Agent[];

beforeEach(async () => {
  scene = await Scene.create();
  agents = [];
});

afterEach(async () => {
  await Promise.all(agents.map(async (agent) => agent.end()));
  await scene.end();
});

function agentOf(client: ApiClient): Agent {
  const agent = new Agent(client);
  agents.push(agent);
  return agent;
}

/** What a relay may answer that is none, or not right in its head. */
const NONSENSE: { readonly [what: string]: RequestListener } = {
  'answers nonsense': (_, response) => void response.end('nonsense'),
  'answers an empty list of no version': (_, response) => void response.end('{"items":[]}'),
  'answers 500': (_, response) => void response.writeHead(500).end(),
  'knows nobody': (_, response) => void response.writeHead(401).end(),
  'hangs up': (request) => void request.socket.destroy(),
};

const put = (name: string, ip: string) =>
  scene.api.store.put('pods', pod({ name, nodeName: 'n', ips: [ip] }));
/** The requests at the API server for pods: lists, and watches. */
const asked = () => {
  const paths = scene.api.requests.map(({ path }) => path).filter((path) => /\/pods\?/.test(path));
  const watches = paths.filter((path) => path.includes('watch=')).length;
  return { lists: paths.length - watches, watches };
};
const certain = (...some: Agent[]) =>
  until(() => some.every((agent) => agent.isCertain), 'that all follow');

test('agents list and follow through the relay, which alone asks the API server', async () => {
  const { port } = await scene.replica();
  put('a', '10.0.0.1');
  const both = [agentOf(scene.client(port)), agentOf(scene.client(port))];
  await certain(...both);
  for (const agent of both) assert.equal(agent.nameOf('10.0.0.1'), 'a');
  put('b', '10.0.0.2');
  await until(() => both.every((agent) => agent.nameOf('10.0.0.2') === 'b'), 'a change');
  assert.deepEqual(asked(), { lists: 1, watches: 1 });
  assert.deepEqual(
    both.flatMap(({ failures, lists }) => [failures, lists]),
    [[], 1, [], 1],
  );
});

test('when a replica goes, its agents go on at the other one, and nothing is listed again', async () => {
  const [host, other] = ['127.0.0.1', '127.0.0.2'];
  const one = await scene.replica({ host });
  const { port } = one;
  const two = await scene.replica({ host: other, port });
  put('a', '10.0.0.1');
  await until(() => one.sync.complete && two.sync.complete, 'that both relays have listed');
  const all = Array.from({ length: 6 }, () =>
    agentOf(scene.client(port, { addresses: [host, other] })),
  );
  await certain(...all);
  for (const [at, gone] of [one, two].entries()) {
    if (at > 0) {
      const back = await scene.replica({ host, port });
      await until(() => back.sync.complete, 'that the first one is back');
    }
    await gone.end();
    put(`b${at}`, `10.0.1.${at}`);
    const go = () => all.every((agent) => agent.nameOf(`10.0.1.${at}`) === `b${at}`);
    await until(go, 'that all go on');
  }
  assert.deepEqual(
    all.map(({ lists }) => lists),
    all.map(() => 1),
  );
  assert.equal(asked().lists, 3);
});

test('a relay that has lost the API server does not let names be certain', async () => {
  const { port } = await scene.replica();
  put('a', '10.0.0.1');
  const agent = agentOf(scene.client(port));
  await certain(agent);
  await scene.api.down();
  await until(() => !agent.isCertain, 'that names are not certain');
  await scene.api.up();
  put('b', '10.0.0.2');
  await certain(agent);
  await until(() => agent.nameOf('10.0.0.2') === 'b', 'that the agent follows again');
});

test('an agent is told again what changed while the relay had to list anew', async () => {
  const { port } = await scene.replica();
  put('a', '10.0.0.1');
  const agent = agentOf(scene.client(port));
  await certain(agent);
  await scene.api.down();
  put('a', '10.0.0.3');
  put('b', '10.0.0.2');
  await scene.api.up({ restarted: true });
  const names = () => ['10.0.0.1', '10.0.0.2', '10.0.0.3'].map((ip) => agent.nameOf(ip)).join();
  await until(() => names() === '10.0.0.0/24,b,a' || names() === '-,b,a', 'the changes', 60);
  assert.equal(agent.lists, 1);
  assert.equal(asked().lists, 2);
});

test('without a relay an agent asks the API server in the end, and a relay again when there is one', async () => {
  const first = await scene.replica();
  const { port } = first;
  put('a', '10.0.0.1');
  const client = scene.client(port, { fallback: 3000 });
  const agent = agentOf(client);
  await certain(agent);
  await first.end();
  put('b', '10.0.0.2');
  await until(
    () => client.isDirect && agent.nameOf('10.0.0.2') === 'b',
    'that it asks the API server',
    60,
  );
  await certain(agent);
  assert.equal(agent.lists, 1);
});

test('an agent that must not ask the API server waits for the relay', async () => {
  const first = await scene.replica();
  const { port } = first;
  const client = scene.client(port);
  const agent = agentOf(client);
  await certain(agent);
  await first.end();
  const before = asked();
  await until(() => !agent.isCertain, 'that names are not certain');
  await sleep(3000);
  assert.deepEqual(asked(), before);
  await scene.replica({ port });
  put('b', '10.0.0.2');
  await until(() => agent.nameOf('10.0.0.2') === 'b', 'that it goes on at the relay');
});

test('an agent whose DNS has no replica any more goes on when it has one again', async () => {
  const first = await scene.replica();
  const { port } = first;
  const addresses = ['127.0.0.1'];
  const agent = agentOf(scene.client(port, { addresses }));
  await certain(agent);
  addresses.length = 0;
  await first.end();
  await until(() => agent.failures.some((each) => each.includes('ENOTFOUND')), 'the fault', 60);
  addresses.push('127.0.0.1');
  await scene.replica({ port });
  put('b', '10.0.0.2');
  await until(() => agent.nameOf('10.0.0.2') === 'b', 'that it goes on at the relay', 60);
});

test('an agent whose DNS hangs is not certain of names, and asks the API server in the end', async () => {
  const { port } = await scene.replica();
  put('a', '10.0.0.1');
  const client = scene.client(port, { fallback: 3000, hangs: true });
  const agent = agentOf(client);
  await until(() => agent.failures.length > 0, 'the fault', 60);
  assert.match(agent.failures[0] ?? '', /no address of localhost within 5 s/);
  assert.equal(agent.isCertain, false);
  await until(() => client.isDirect && agent.isCertain, 'that it asks the API server', 60);
  assert.equal(agent.nameOf('10.0.0.1'), 'a');
});

test('an agent that falls behind the history of the relay lists again, at the relay', async () => {
  const replica: Replica = await scene.replica({ history: 4000 });
  put('a', '10.0.0.1');
  const agent = agentOf(scene.client(replica.port));
  await certain(agent);
  // Its connection is cut off, and before it is back there is more than the relay keeps.
  await replica.end();
  for (let nth = 0; nth < 100; nth += 1) put('b', `10.0.1.${nth}`);
  const again = await scene.replica({ port: replica.port, history: 4000 });
  for (let nth = 0; nth < 100; nth += 1) put('c', `10.0.2.${nth}`);
  await until(() => agent.nameOf('10.0.2.99') === 'c', 'the last change');
  assert.ok(agent.lists <= 2);
  assert.equal(agent.nameOf('10.0.1.99'), 'b');
  assert.ok(
    (again.relay.collections.find(({ resource }) => resource === 'pods')?.log.bytes ?? 0) <= 4000,
  );
});

for (const [what, answer] of Object.entries(NONSENSE))
  test(`an agent goes from a relay that ${what} to another one, and believes nothing of it`, async () => {
    const [host, other] = ['127.0.0.1', '127.0.0.2'];
    const { port } = await scene.replica({ host });
    const { key, cert, ca } = scene.tls;
    const tls = { key: readFileSync(key), cert: readFileSync(cert), ca: readFileSync(ca) };
    const server = createServer(tls, answer).listen(port, other);
    await once(server, 'listening');
    put('a', '10.0.0.1');
    // Whichever they ask first.
    const all = Array.from({ length: 4 }, () => {
      return agentOf(scene.client(port, { addresses: [other, host] }));
    });
    await until(
      () => all.every((agent) => agent.isCertain && agent.nameOf('10.0.0.1') === 'a'),
      'the truth',
      60,
    );
    server.closeAllConnections();
    server.close();
  });

test('a watch is gzipped for who takes that, and plain for others', async () => {
  const { port, relay } = await scene.replica();
  put('a', '10.0.0.1');
  const agent = agentOf(scene.client(port));
  await certain(agent);
  const version = relay.collections.find(({ resource }) => resource === 'pods')?.version;
  const url = `https://127.0.0.1:${port}/api/v1/pods?watch=1&timeoutSeconds=1&resourceVersion=${version}`;
  put('b', '10.0.0.2');
  await until(() => agent.nameOf('10.0.0.2') === 'b', 'a change');
  const get = async (encoding: string) => {
    const headers = {
      'accept-encoding': encoding,
      authorization: `Bearer ${readFileSync(scene.tokenFile, 'utf8')}`,
    };
    const [response] = (await once(
      request(url, { ca: readFileSync(scene.tls.ca), agent: false, headers }).end(),
      'response',
    )) as [IncomingMessage];
    return { encoding: response.headers['content-encoding'], body: await buffer(response) };
  };
  const [packed, plain] = await Promise.all([get('gzip'), get('identity')]);
  assert.deepEqual([packed.encoding, plain.encoding], ['gzip', undefined]);
  const [event = ''] = plain.body.toString().split('\n');
  assert.match(event, /"name":"b"/);
  assert.equal(gunzipSync(packed.body).toString().split('\n')[0], event);
});
