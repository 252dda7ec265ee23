import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, describe, test } from 'node:test';

import { fromKubeconfig, ofUser } from '../../lib/kubernetes/client/access.ts';
import { type Command, exec } from '../../lib/kubernetes/client/exec.ts';
import { ExecError } from '../../lib/kubernetes/client/exec-error.ts';
import { executed } from '../lab/apiserver/exec.ts';
import { pod } from '../lab/apiserver/objects.ts';
import { json } from '../lab/apiserver/status.ts';
import { type ApiServer, type ApiServerOptions, startApiServer } from '../lab/apiserver/server.ts';
import { until } from '../lab/influx.ts';
import { kubeconfigOf } from '../lab/kubeconfig.ts';
import { startProxy } from '../lab/proxy.ts';
import { site } from './site.ts';

const { directory, tls, kubeconfig, write } = site();
const TARGET = { namespace: 'nstats', pod: 'nstats-a', container: 'main' };
let api: ApiServer;
let stop: AbortController;
let children: ChildProcess[] = [];

afterEach(async () => {
  stop.abort();
  await api.close();
  for (const child of children) child.kill('SIGKILL');
  children = [];
});

/** Starts an API server with one pod, in which commands run as processes of this machine. */
async function start(options: Partial<ApiServerOptions> = {}): Promise<void> {
  api = await startApiServer({ tls, exec: { run: runsHere }, ...options });
  api.store.put(
    'pods',
    pod({ name: 'nstats-a', namespace: 'nstats', nodeName: 'a', ips: ['10.0.0.1'] }),
  );
  write(api.url);
  stop = new AbortController();
}

function runsHere([file = '', ...args]: readonly string[]) {
  const child = spawn(file, args, { stdio: 'pipe' });
  children.push(child);
  return executed(child);
}

const run = async (command: readonly string[], target: Partial<Command> = {}): Promise<Readable> =>
  exec(fromKubeconfig(kubeconfig, undefined), { ...TARGET, command, ...target }, stop.signal);
const sh = async (script: string) => run(['sh', '-c', script]);
/** The error with which a command is refused, or its stream ends. */
const failure = async (running: Promise<Readable>): Promise<ExecError> => {
  const error = await running.then(text).then(
    () => assert.fail('it did not fail'),
    (error: unknown) => error,
  );
  assert.ok(error instanceof ExecError, String(error));
  return error;
};

for (const protocol of ['v5.channel.k8s.io', 'v4.channel.k8s.io'])
  describe(`by ${protocol}`, () => {
    const protocols = [protocol];

    test('stdout comes to its end, byte for byte', async () => {
      await start({ exec: { run: runsHere, protocols } });
      const bytes = 3_000_000;
      const stdout = await sh(`head -c ${bytes} /dev/zero; echo the end`);
      const all = await text(stdout);
      assert.equal(all.length, bytes + 8);
      assert.match(all.slice(-8), /the end/);
      assert.equal(api.requests.at(-1)?.status, 101);
    });

    test('words of the command arrive as they are, without a shell', async () => {
      await start({ exec: { run: runsHere, protocols } });
      const stdout = await run(['printf', '%s|', 'a b', '$HOME', '&c=d', 'ä']);
      assert.equal(await text(stdout), 'a b|$HOME|&c=d|ä|');
    });

    test('a command that fails is an error with its exit code and the end of its stderr', async () => {
      await start({ exec: { run: runsHere, protocols } });
      const { status, stderr, message } = await failure(sh('echo nothing here >&2; exit 7'));
      assert.equal(status.exitCode, 7);
      assert.equal(stderr, 'nothing here\n');
      assert.equal(message, 'nothing here');
    });

    test('stdin stays open until the stream is destroyed: then the command ends', async () => {
      await start({ exec: { run: runsHere, protocols } });
      const stdout = await run(['cat']);
      await until(() => children.length === 1, 'the command to run');
      const [child] = children;
      assert.equal(child?.exitCode, null);
      stdout.destroy();
      await until(() => child?.exitCode === 0, 'the command to end');
    });
  });

test('the signal ends a command, and the stream with an error', async () => {
  await start();
  const stdout = await run(['cat']);
  await until(() => children.length === 1, 'the command to run');
  const failed = once(stdout, 'error');
  stop.abort();
  await failed;
  await until(() => children[0]?.exitCode === 0, 'the command to end');
});

test('a stream that nobody reads holds up the command, and takes no memory', async () => {
  await start();
  const stdout = await run(['sh', '-c', 'exec head -c 200000000 /dev/zero']);
  await once(stdout, 'readable');
  await until(() => children.length === 1, 'the command to run');
  const before = process.memoryUsage().rss;
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.equal(children[0]?.exitCode, null);
  assert.ok(process.memoryUsage().rss - before < 100e6);
});

test('a connection that is lost is an error of the stream', async () => {
  await start();
  const stdout = await sh('echo here; exec cat');
  await once(stdout, 'data');
  const failed = once(stdout, 'error');
  api.cut();
  const [error] = (await failed) as [Error];
  assert.match(error.message, /lost|ECONNRESET|reset/);
});

/** Runs a command by a kubeconfig of its own. */
const runBy = async (cluster: object, user: object) => {
  const file = join(directory, 'own');
  const authority = Buffer.from(tls.ca).toString('base64');
  const whole = { server: api.url, 'certificate-authority-data': authority, ...cluster };
  writeFileSync(file, kubeconfigOf(whole, user));
  const command = ['echo', 'hi'];
  return exec(ofUser({ kubeconfig: file }, undefined), { ...TARGET, command }, stop.signal);
};

/** What kubectl asks about before it execs. */
const DISCOVERY: { readonly [path: string]: object } = {
  '/api': { kind: 'APIVersions', versions: ['v1'] },
  '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [] },
  '/api/v1': {
    kind: 'APIResourceList',
    groupVersion: 'v1',
    resources: [
      { name: 'pods', singularName: 'pod', namespaced: true, kind: 'Pod', verbs: ['get'] },
    ],
  },
};

test('kubectl exec gets the same of this API server', async (t) => {
  const [, minor] =
    /v1\.(\d+)/.exec(spawnSync('kubectl', ['version', '--client']).stdout.toString()) ?? [];
  if (Number(minor) < 31) return t.skip(`kubectl 1.${minor} execs by SPDY`);
  await start();
  api.fault(({ path }) => {
    const found = DISCOVERY[path.replace(/\?.*/, '')];
    return found ? json(200, found) : 'proceed';
  });
  const target = ['-n', TARGET.namespace, TARGET.pod];
  const script = 'cat; echo some; echo words >&2; exit 7';
  const kubectl = spawn('kubectl', ['exec', '-i', ...target, '--', 'sh', '-c', script], {
    env: { PATH: process.env['PATH'], KUBECONFIG: kubeconfig, HOME: directory },
    stdio: 'pipe',
  });
  children.push(kubectl);
  kubectl.stdin.end('in, ');
  const [stdout, stderr, [code]] = await Promise.all([
    text(kubectl.stdout),
    text(kubectl.stderr),
    once(kubectl, 'close'),
  ]);
  assert.equal(stdout, 'in, some\n');
  assert.match(stderr, /^words\n/m);
  assert.equal(code, 7);
});

describe('a user’s kubeconfig', () => {
  test('may name a proxy', async () => {
    await start();
    await using proxy = await startProxy();
    assert.equal(await text(await runBy({ 'proxy-url': proxy.url }, {})), 'hi\n');
    assert.deepEqual(proxy.requests, [`CONNECT ${new URL(api.url).host}`]);
  });

  test('may name a proxy that never answers: that is given up', async (t) => {
    await start();
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const connected = once(silent, 'connection') as Promise<[Socket]>;
    const given = runBy({ 'proxy-url': `http://127.0.0.1:${port}` }, {});
    const [socket] = await connected;
    t.mock.timers.tick(20_000);
    await assert.rejects(given, /has not answered in 15 s/);
    socket.destroy();
    silent.close();
  });

  test('may have a plugin for its credentials', async () => {
    await start({ tokens: new Map([['made', 'me']]) });
    const credential = { apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential' };
    const args = [JSON.stringify({ ...credential, status: { token: 'made' } })];
    const plugin = { apiVersion: credential.apiVersion, command: 'echo', args };
    assert.equal(await text(await runBy({}, { exec: plugin })), 'hi\n');
    assert.equal(api.requests.at(-1)?.user, 'me');
  });

  test('may have another name for its server’s certificate, which is verified', async () => {
    await start();
    const wrong = runBy({ 'tls-server-name': 'other.example' }, {});
    await assert.rejects(wrong, /altnames/);
    assert.equal(await text(await runBy({ 'tls-server-name': 'localhost' }, {})), 'hi\n');
  });
});

describe('a refusal says why', () => {
  test('the user may not exec', async () => {
    await start({ allowed: (_user, verb) => verb !== 'create' });
    const { status, message } = await failure(run(['true']));
    assert.equal(status.code, 403);
    assert.match(
      message,
      /cannot create resource "pods\/exec" in API group "" in the namespace "nstats"/,
    );
  });

  test('there is no such pod, or container', async () => {
    await start();
    const gone = await failure(run(['true'], { pod: 'nstats-b' }));
    assert.equal(gone.status.code, 404);
    assert.equal(gone.message, 'pods "nstats-b" not found');
    const other = await failure(run(['true'], { container: 'istio' }));
    assert.equal(other.status.code, 400);
    assert.equal(other.message, 'container istio is not valid for pod nstats-a');
  });

  test('there is no such program in the container', async () => {
    await start();
    const { message } = await failure(run(['no-such-program']));
    assert.match(message, /exec: "no-such-program": executable file not found in \$PATH/);
  });

  test('the container does not run', async () => {
    await start({ exec: { run: () => undefined } });
    assert.match((await failure(run(['true']))).message, /container not found/);
  });

  test('the token is nobody’s, and is read again', async () => {
    const tokens = new Map([['other', 'me']]);
    await start({ tokens });
    const access = fromKubeconfig(kubeconfig, undefined);
    const again = async () => exec(access, { ...TARGET, command: ['echo', 'hi'] }, stop.signal);
    assert.equal((await failure(again())).status.code, 401);
    write(api.url, 'other');
    assert.equal(await text(await again()), 'hi\n');
  });

  test('a page of a proxy is no Status', async () => {
    await start();
    api.fault(() => ({ status: 502, body: '<h1>Bad gateway</h1>' }));
    const { status, message } = await failure(run(['true']));
    assert.equal(status.code, 502);
    assert.equal(message, '<h1>Bad gateway</h1>');
  });
});
