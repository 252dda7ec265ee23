import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer as createPlain, request as httpRequest } from 'node:http';
import { createServer, request as httpsRequest } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Bundle, makeBundle } from '../image/bundle.ts';
import { type Authority, makeAuthority } from '../lab/authority.ts';
import { until } from '../lab/influx.ts';
import { reachable } from '../lab/kubeconfig.ts';
import { createLab, type Lab } from '../lab/lab.ts';
import { type ProxyServer, startProxy } from '../lab/proxy.ts';
import { kill } from '../lab/shell.ts';

let bundle: Bundle;
let lab: Lab;
let authority: Authority;
let proxy: ProxyServer;
let front: Server;
/** InfluxDB behind TLS, with a certificate of a private authority. */
let influx: string;
/** An address of the node: what is on loopback is never asked by way of a proxy. */
let host: string;

before(async () => {
  bundle = makeBundle();
  lab = await createLab(bundle.main);
  await lab.pod({ namespace: 'shop', name: 'web-0', ips: ['10.244.0.10'] });
  host = new URL(lab.influx.url).hostname;
  authority = makeAuthority(join(lab.directory, 'ca'));
  const { hostname, port } = new URL(lab.influx.url);
  front = createServer(authority.issue([host]), (asked, answer) => {
    const { method, headers, url: path } = asked;
    const passed = httpRequest({ hostname, port, method, headers, path }, (back) => {
      answer.writeHead(back.statusCode ?? 502, back.headers);
      back.pipe(answer);
    });
    asked.pipe(passed.on('error', () => answer.destroy()));
  });
  influx = `https://${host}:${await listening(front)}`;
  proxy = await startProxy(host, 'jane:s3cr3tpw');
});

after(async () => {
  await lab.end();
  front.close();
  await proxy[Symbol.asyncDispose]();
  bundle[Symbol.dispose]();
});

async function listening(server: Server): Promise<number> {
  server.unref().listen(0, host);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** A kubeconfig with a change to its cluster. */
function kubeconfig(change: object): string {
  const config = JSON.parse(readFileSync(lab.environment['KUBECONFIG'] ?? '', 'utf8'));
  Object.assign(config.clusters[0].cluster, change);
  const file = join(lab.directory, 'kubeconfig-private');
  writeFileSync(file, JSON.stringify(config));
  return file;
}

const tunnelled = (url: string) => proxy.requests.includes(`CONNECT ${new URL(url).host}`);

test('rows and names come by way of a proxy, with certificates of a private authority', async () => {
  const file = join(lab.directory, 'api-ca.pem');
  writeFileSync(file, reachable(lab.environment['KUBECONFIG'] ?? '').ca);
  const daemon = lab.daemon({
    INTERVAL: '5s',
    INFLUX_URL: influx,
    NODE_EXTRA_CA_CERTS: authority.file,
    HTTPS_PROXY: proxy.url,
    KUBECONFIG: kubeconfig({
      'certificate-authority-data': undefined,
      'certificate-authority': file,
      'proxy-url': proxy.url,
    }),
  });
  const rows = () => lab.influx.query('SELECT * FROM nstat_agent WHERE podsSeen = 1');
  await until(async () => (await rows()).length > 0, 'rows', 60);
  assert.equal(await kill(daemon.process, 'SIGTERM'), 0);
  assert.ok(tunnelled(influx) && tunnelled(lab.api.url), proxy.requests.join('\n'));
  assert.doesNotMatch(daemon.log.join('\n'), /s3cr3tpw|"warn"/);
});

test('a kubeconfig without a proxy takes that of the environment, and NO_PROXY goes before both', async () => {
  const asked = () => proxy.requests.length;
  const environment = { INFLUX_URL: influx, NODE_EXTRA_CA_CERTS: authority.file };
  const before = asked();
  const by = await lab.check({ ...environment, HTTPS_PROXY: proxy.url });
  assert.equal(by.code, 0, by.text);
  assert.match(by.text, /ok {4}NODE_EXTRA_CA_CERTS .*: 1 certificate$/m);
  assert.ok(asked() > before + 5);
  const between = asked();
  const direct = await lab.check({
    ...environment,
    HTTPS_PROXY: proxy.url,
    NO_PROXY: `${host}/32`,
  });
  assert.equal(direct.code, 0, direct.text);
  assert.equal(asked(), between);
});

test('a missing file of authorities, of which Node only warns, fails in --check', async () => {
  const { text } = await lab.check({ NODE_EXTRA_CA_CERTS: '/nowhere.pem' });
  assert.match(text, /FAIL {2}NODE_EXTRA_CA_CERTS \/nowhere.pem: .*no such file.*\n +fix: mount/);
});

for (const [where, credentials] of [
  ['loopback', 'sent'],
  ['an address of the node', 'not sent'],
] as const) {
  test(`a plain http API server on ${where}, such as kubectl proxy, works; credentials are ${credentials}`, async () => {
    const { server, ca, token } = reachable(lab.environment['KUBECONFIG'] ?? '');
    const seen = new Set<string | undefined>();
    const plain = createPlain((asked, answer) => {
      seen.add(asked.headers.authorization);
      const headers = { ...asked.headers, authorization: `Bearer ${token}` };
      const passed = httpsRequest(new URL(asked.url ?? '', server), { ca, headers }, (back) => {
        answer.writeHead(back.statusCode ?? 502, back.headers);
        back.pipe(answer);
      });
      passed.on('error', () => answer.destroy()).end();
    });
    plain.unref().listen(0, where === 'loopback' ? '127.0.0.1' : host);
    await once(plain, 'listening');
    const { address, port } = plain.address() as AddressInfo;
    const { code, text } = await lab.check({
      KUBECONFIG: kubeconfig({ server: `http://${address}:${port}` }),
    });
    plain.close();
    assert.equal(code, 0, text);
    assert.deepEqual([...seen], [credentials === 'sent' ? `Bearer ${token}` : undefined]);
  });
}
