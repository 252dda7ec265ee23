import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
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
    env: {
      PATH: process.env['PATH'],
      NODE_NAME: 'worker-1',
      KUBECONFIG: kubeconfig,
      TOP_SOCKET: 'none',
    },
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

function tokenFile(): object {
  const file = join(directory, 'token');
  writeFileSync(file, TOKEN);
  return { 'auth-provider': { name: 'tokenFile', config: { tokenFile: file } } };
}

function clientCertificate(): object {
  const own = join(directory, 'client');
  mkdirSync(own);
  selfSigned(own, []);
  return { 'client-certificate': join(own, 'tls.crt'), 'client-key': join(own, 'tls.key') };
}

const credential = JSON.stringify({ kind: 'ExecCredential', status: { token: TOKEN } });
const exec = {
  apiVersion: 'client.authentication.k8s.io/v1',
  command: 'sh',
  args: ['-c', `echo '${credential}'`],
  interactiveMode: 'Never',
};
const oidc = { name: 'oidc', config: { 'client-id': 'kubernetes', 'id-token': ID_TOKEN } };
const basic = `Basic ${Buffer.from('jane:pass').toString('base64')}`;

for (const [what, user, authorization, certificate] of [
  ['a token', () => ({ token: TOKEN }), `Bearer ${TOKEN}`],
  ['a token file, as service accounts have', tokenFile, `Bearer ${TOKEN}`],
  ['a client certificate', clientCertificate, undefined, 'kube-apiserver'],
  ['a credential plugin', () => ({ exec }), `Bearer ${TOKEN}`],
  ['an OpenID Connect token', () => ({ 'auth-provider': oidc }), `Bearer ${ID_TOKEN}`],
  ['a name and a password', () => ({ username: 'jane', password: 'pass' }), basic],
] as const)
  test(`in the bundle a kubeconfig may have ${what}`, async () => {
    assert.deepEqual(await identity(user()), { authorization, certificate });
  });
