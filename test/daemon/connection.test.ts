import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createPlain } from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo, createServer as createTcp, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { apiServer, faultOfApi, faultOfInflux } from '../../daemon/check/remedies.ts';
import { type Target, writer } from '../../lib/influx/writer.ts';
import { ApiError, connect } from '../../lib/kubernetes/client/client.ts';
import { selfSigned } from '../lab/apiserver/tls.ts';
import { makeAuthority } from '../lab/authority.ts';
import { kubeconfigFor } from '../lab/kubeconfig.ts';
import { startProxy } from '../lab/proxy.ts';

const directory = mkdtempSync(join(tmpdir(), 'nstats-connection-'));
const authority = makeAuthority(join(directory, 'ca'));
after(() => rmSync(directory, { recursive: true }));

const noContent = (_: unknown, response: { writeHead(status: number): { end(): void } }) =>
  response.writeHead(204).end();

/** A server that speaks something, and what its problem is called. */
const servers: readonly {
  readonly that: string;
  readonly scheme?: 'http' | 'https';
  readonly host?: string;
  readonly start: () => Server;
  readonly what: RegExp;
  readonly api: RegExp;
  readonly influx: RegExp;
}[] = [
  {
    that: 'has a self-signed certificate',
    start: () => createServer(selfSigned(directory, ['127.0.0.1']), noContent),
    what: /certificate of .* is from an authority that is not known here \(self-signed/,
    api: /certificate-authority.*KUBECONFIG/,
    influx: /NODE_EXTRA_CA_CERTS/,
  },
  {
    that: 'has a certificate of an unknown authority',
    start: () => createServer(authority.issue(['127.0.0.1']), noContent),
    what: /authority that is not known here \(unable to verify the first certificate/,
    api: /certificate-authority.*KUBECONFIG/,
    influx: /NODE_EXTRA_CA_CERTS/,
  },
  {
    that: 'speaks no TLS',
    start: () => createPlain(noContent),
    what: /speaks no TLS, or another version of it \(wrong version number\)$/,
    api: /port in `server` of KUBECONFIG.*http:\/\//,
    influx: /port in INFLUX_URL.*http:\/\//,
  },
  {
    that: 'speaks no HTTP',
    scheme: 'http',
    start: () => createTcp((socket) => void socket.on('error', () => {}).write('SSH-2.0-x\r\n')),
    what: /speaks no HTTP/,
    api: /port in `server` of KUBECONFIG.*https:\/\//,
    influx: /port in INFLUX_URL.*https:\/\//,
  },
  {
    that: 'hangs up',
    scheme: 'http',
    start: () =>
      createTcp((socket) => void socket.on('error', () => {}).once('data', () => socket.destroy())),
    what: /closed the connection$/,
    api: /API server and proxies.*`server` of KUBECONFIG must say https/,
    influx: /InfluxDB and proxies.*INFLUX_URL must say https/,
  },
];

async function listening(server: Server): Promise<number> {
  // Without this a test that fails would wait for its connections for ever.
  server.unref().on('connection', (socket) => void socket.unref());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** What is said of an API server at this URL. */
async function ofApi(url: string, ca = ''): Promise<{ what: string; fix: string }> {
  const kubeconfig = join(directory, 'kubeconfig');
  const config = JSON.parse(kubeconfigFor(url, ca, 't'));
  if (!ca) delete config.clusters[0].cluster['certificate-authority-data'];
  writeFileSync(kubeconfig, JSON.stringify(config));
  const client = connect(kubeconfig);
  return client.get('/version', AbortSignal.timeout(5000)).then(
    () => assert.fail('it was answered'),
    (error: unknown) => faultOfApi(error, apiServer(client)),
  );
}

async function ofInflux(url: string, proxy?: string): Promise<{ what: string; fix: string }> {
  const account = { retentionPolicy: undefined, username: undefined, password: undefined };
  const target: Target = { url, api: 1, database: 'd', ...account, ...(proxy && { proxy }) };
  return writer(
    target,
    2000,
  )('a b=1 1').then(
    () => assert.fail('it was taken'),
    (error: unknown) => faultOfInflux(error, target),
  );
}

for (const { that, scheme = 'https', start, what, api, influx } of servers) {
  test(`a server that ${that} is said to be so, and each has a remedy of its own`, async () => {
    const server = start();
    const url = `${scheme}://127.0.0.1:${await listening(server)}`;
    const said = { api: await ofApi(url), influx: await ofInflux(url) };
    server.close();
    assert.match(said.api.what, what);
    assert.match(said.influx.what, what);
    assert.match(said.api.fix, api);
    assert.match(said.influx.fix, influx);
  });
}

test('a certificate for another host, or that has expired, is said to be so', async () => {
  for (const [hosts, options, what, fix] of [
    [['other.example'], {}, /is not for 127\.0\.0\.1/, /`server` of KUBECONFIG.*tls-server-name/],
    [['127.0.0.1'], { expired: true }, /certificate of .* has expired/, /renew.*clock/],
  ] as const) {
    const server = createServer(authority.issue(hosts, options), noContent);
    const said = await ofApi(`https://127.0.0.1:${await listening(server)}`, authority.pem);
    server.close();
    assert.match(said.what, what);
    assert.match(said.fix, fix);
  }
});

test('a server that is not there, and a name that is not, are told apart', async () => {
  const server = createPlain();
  const port = await listening(server);
  server.close();
  await once(server, 'close');
  assert.match((await ofApi(`https://127.0.0.1:${port}`)).what, /nothing listens at https:/);
  assert.match((await ofInflux(`http://127.0.0.1:${port}`)).fix, /InfluxDB running.*INFLUX_URL/);
  const unknown = await ofInflux('http://influx.invalid:8086');
  assert.match(unknown.what, /DNS does not know the name influx\.invalid/);
  assert.match(unknown.fix, /host in INFLUX_URL.*DNS/);
});

test('a server that never answers is said to be so', async () => {
  const server = createTcp(() => {});
  const { what, fix } = await ofInflux(`http://127.0.0.1:${await listening(server)}`);
  server.close();
  assert.match(what, /InfluxDB does not answer at http:/);
  assert.match(fix, /INFLUX_URL.*NetworkPolicies/);
});

test('a proxy that is not there, or lets nothing through, is told from InfluxDB, without its password', async () => {
  await using proxy = await startProxy('127.0.0.1', 'jane:s3cr3tpw');
  const wrong = proxy.url.replace('s3cr3tpw', 'an0ther-pw');
  const refused = await ofInflux('https://influx.invalid:8086', wrong);
  assert.match(refused.what, /the proxy lets nothing through to InfluxDB \(.*407/);
  assert.match(refused.fix, /HTTPS_PROXY/);
  const encoded = Buffer.from('jane:an0ther-pw').toString('base64');
  assert.ok(!JSON.stringify(refused).includes(encoded));
  assert.doesNotMatch(JSON.stringify(refused), /an0ther/);
  const gone = await ofInflux('https://influx.invalid:8086', 'http://jane:an0ther-pw@127.0.0.1:9');
  assert.match(gone.what, /nothing listens at http:\/\/127\.0\.0\.1:9/);
  assert.match(gone.fix, /the proxy running.*HTTPS_PROXY/);
  assert.doesNotMatch(JSON.stringify(gone), /an0ther/);
});

const anonymous = '{"message":"pods is forbidden: User \\"system:anonymous\\" cannot list"}';
for (const [status, body, fix] of [
  [401, '{"message":"Unauthorized"}', /token is not valid.*service account/],
  [403, '{"message":"pods is forbidden: User \\"a\\" cannot list"}', /needs get, list and watch/],
  [403, anonymous, /no token was sent.*automountServiceAccountToken/],
  [404, '404 page not found', /is the server in .* an API server/],
  [302, '<html>', /is the server in .* an API server/],
  [429, 'Too many requests', /overloaded/],
  [500, '{"message":"etcdserver: request timed out"}', /its log/],
  [503, '<html>', /its log/],
] as const) {
  test(`the remedy for a ${status} of the API server fits it: ${body}`, () => {
    const server = apiServer({ server: 'https://a', inCluster: true });
    const said = faultOfApi(new ApiError('/api/v1/pods', status, {}, body), server);
    assert.match(said.what, new RegExp(`${status}`));
    assert.match(said.fix, fix);
    assert.doesNotMatch(said.fix, /NODE_NAME/);
  });
}
