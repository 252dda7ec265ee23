import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '../../daemon/config.ts';
import { ConfigError } from '../../lib/config-error.ts';
import { proxyFor } from '../../lib/proxy.ts';

const [http, https] = ['http://proxy:3128/', 'http://secure:3128/'];

for (const [url, no, expected] of [
  ['https://influx.example:8086', '', https],
  ['http://influx.example:8086', '', http],
  ['http://localhost:8001', '', undefined],
  ['http://127.8.9.10:8001', '', undefined],
  ['https://[::1]:6443', '', undefined],
  ['https://influx.example', '*', undefined],
  ['https://influx.example', 'example', undefined],
  ['https://influx.example', 'a, .EXAMPLE ,b', undefined],
  ['https://influx.example', '*.example', undefined],
  ['https://influx.example', 'x.example', https],
  ['https://myexample', 'example', https],
  ['https://influx.example', 'example:443', undefined],
  ['https://influx.example', 'example:8443', https],
  ['https://10.96.0.1', '10.96.0.0/12', undefined],
  ['https://10.196.0.1', '10.96.0.0/12', https],
  ['https://10.96.0.1', '10.96.0.1', undefined],
  ['https://1.10.96.0', '10.96.0', https],
  ['https://[fd00::1]:6443', 'fd00::/8', undefined],
  ['https://[fd00::1]:6443', 'fd00::1', undefined],
  ['https://[fd00::1]:6443', '[fd00::1]:6443', undefined],
  ['https://10.96.0.1', '10.96.0.0/99,/,//,10.0.0.0/x', https],
] as const) {
  test(`${url} with NO_PROXY=${no} is asked by ${expected ?? 'nobody'}`, () => {
    assert.equal(proxyFor(url, { http, https, no }), expected);
  });
}

test('a proxy is part of the configuration: for InfluxDB, unless it needs none', () => {
  const base = { NODE_NAME: 'n', INFLUX_URL: 'https://a:8086', INFLUX_DATABASE: 'd' };
  const proxyOf = (more: object) => readConfig({ ...base, ...more }).influx.proxy;
  assert.equal(proxyOf({}), undefined);
  assert.equal(proxyOf({ HTTPS_PROXY: 'proxy:3128' }), http);
  assert.equal(proxyOf({ HTTP_PROXY: 'proxy:3128' }), undefined);
  assert.equal(proxyOf({ HTTPS_PROXY: 'http://proxy:3128', NO_PROXY: 'a' }), undefined);
  for (const wrong of [
    'socks5://jane:s3cr3t@proxy',
    'http://',
    'http://:1',
    'http://jane:s3cr3t%ff@proxy',
  ])
    assert.throws(
      () => proxyOf({ HTTPS_PROXY: wrong }),
      (error: ConfigError) =>
        (error.mistakes[0] ?? '').startsWith('HTTPS_PROXY ') && !/s3cr3t/.test(error.message),
    );
});
