import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { type Bundle, makeBundle } from '../image/bundle.ts';
import { selfSigned } from '../lab/apiserver/tls.ts';
import { kubeconfigOf } from '../lab/kubeconfig.ts';
import { ip, kill } from '../lab/shell.ts';

/** The credentials of a request: its Authorization header, and the name in its certificate. */
interface Identity {
  readonly authorization: string | undefined;
  readonly certificate: string | undefined;
}

const TOKEN = 'secret-token';
/** An unsigned token that is valid until the year 2100; the API server would look at the signature. */
const ID_TOKEN = [{ alg: 'none' }, { sub: 'jane', exp: 4_102_444_800 }, {}]
  .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
  .join('.');

const directory = mkdtempSync(join(tmpdir(), 'nstats-credentials-'));
const tls = selfSigned(directory, ['127.0.0.1']);
let bundle: Bundle;
let server: Server;

before(async () => {
  ip(['link set lo up']);
  bundle = makeBundle();
  server = createServer({ ...tls, requestCert: true, rejectUnauthorized: false });
  server.on('request', (_request, response) => response.end('{}'));
  await once(server.listen(0, '127.0.0.1'), 'listening');
});

after(() => {
  server.closeAllConnections();
  server.close();
  bundle[Symbol.dispose]();
  rmSync(directory, { recursive: true });
});

/** Starts the bundle with a kubeconfig that has this user; resolves to the credentials of its first request. */
async function identity(user: object): Promise<Identity> {
  const { port } = server.address() as AddressInfo;
  const kubeconfig = join(directory, 'kubeconfig');
  const cluster = { server: `https://127.0.0.1:${port}`, 'certificate-authority': 'tls.crt' };
  writeFileSync(kubeconfig, kubeconfigOf(cluster, user));
  const child = spawn(process.execPath, [bundle.main, '--dry-run'], {
    env: { PATH: process.env['PATH'], NODE_NAME: 'worker-1', KUBECONFIG: kubeconfig },
    stdio: 'ignore',
  });
  try {
    const [request] = (await once(server, 'request', { signal: AbortSignal.timeout(30_000) })) as [
      { headers: { authorization?: string }; socket: TLSSocket },
    ];
    const { CN } = request.socket.getPeerCertificate().subject ?? {};
    return { authorization: request.headers.authorization, certificate: CN?.toString() };
  } finally {
    await kill(child, 'SIGKILL');
  }
}

const bearer = (token: string): Identity => ({
  authorization: `Bearer ${token}`,
  certificate: undefined,
});

describe('in the bundle a kubeconfig may have', () => {
  test('a token', async () => {
    assert.deepEqual(await identity({ token: TOKEN }), bearer(TOKEN));
  });

  test('a token file, as service accounts have', async () => {
    const tokenFile = join(directory, 'token');
    writeFileSync(tokenFile, TOKEN);
    const user = { 'auth-provider': { name: 'tokenFile', config: { tokenFile } } };
    assert.deepEqual(await identity(user), bearer(TOKEN));
  });

  test('a client certificate', async () => {
    const own = join(directory, 'client');
    mkdirSync(own);
    selfSigned(own, []);
    const user = {
      'client-certificate': join(own, 'tls.crt'),
      'client-key': join(own, 'tls.key'),
    };
    const expected = { authorization: undefined, certificate: 'kube-apiserver' };
    assert.deepEqual(await identity(user), expected);
  });

  test('a credential plugin', async () => {
    const credential = JSON.stringify({ kind: 'ExecCredential', status: { token: TOKEN } });
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: 'sh',
      args: ['-c', `echo '${credential}'`],
      interactiveMode: 'Never',
    };
    assert.deepEqual(await identity({ exec }), bearer(TOKEN));
  });

  test('an OpenID Connect token', async () => {
    const config = { 'client-id': 'kubernetes', 'id-token': ID_TOKEN };
    const user = { 'auth-provider': { name: 'oidc', config } };
    assert.deepEqual(await identity(user), bearer(ID_TOKEN));
  });

  test('a name and a password', async () => {
    const basic = Buffer.from('jane:pass').toString('base64');
    const expected = { authorization: `Basic ${basic}`, certificate: undefined };
    assert.deepEqual(await identity({ username: 'jane', password: 'pass' }), expected);
  });
});
