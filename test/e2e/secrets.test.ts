import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { until } from '../lab/influx.ts';
import { insecureKubeconfig } from '../lab/kubeconfig.ts';
import { createLab, type Lab } from '../lab/lab.ts';
import { captureProcesses } from '../lab/processes.ts';
import { kill } from '../lab/shell.ts';

const [TOKEN, PASSWORD, BEARER] = ['s3cr3t-token-1', 's3cr3t-password-2', 's3cr3t-bearer-3'];
const BASIC = Buffer.from(`jane:${PASSWORD}`).toString('base64');

let lab: Lab;
let server: Server;
let url: string;
const heard = new Set<string>();

before(async () => {
  lab = await createLab();
  await lab.pod({ namespace: 'shop', name: 'web-0', ips: ['10.244.0.10'] });
  // Whatever it is asked, it says who asked.
  server = createServer(({ headers }, response) => {
    heard.add(`${headers.authorization}`);
    const message = `unauthorized: ${headers.authorization}`;
    const code = headers.authorization?.includes(BASIC) ? 500 : 401;
    response.writeHead(code, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ message, error: message }));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

after(async () => {
  server.closeAllConnections();
  server.close();
  await lab.end();
});

function kubeconfig(api: string): string {
  const path = join(process.env['LAB_DIRECTORY'] ?? '/tmp', `secrets-${process.pid}`);
  writeFileSync(path, insecureKubeconfig(api, BEARER));
  return path;
}

function clean(what: string, text: string): void {
  for (const secret of [TOKEN, PASSWORD, BEARER, BASIC])
    assert.ok(!text.includes(secret), `${secret} is in ${what}: ${text}`);
}

const bucket = { INFLUX_DATABASE: '', INFLUX_BUCKET: 'b', INFLUX_ORG: 'o', INFLUX_TOKEN: TOKEN };
const database = { INFLUX_DATABASE: 'd', INFLUX_USERNAME: 'jane', INFLUX_PASSWORD: PASSWORD };

/** Runs a daemon until it has said some words and captures, and returns what it has said by its end. */
async function run(environment: { readonly [name: string]: string }, words: string) {
  const daemon = lab.daemon({ INTERVAL: '5s', ...environment });
  try {
    const said = () => daemon.said(words).length > 0;
    await until(said, words, 20);
    await until(() => captureProcesses().length > 0, 'a capture', 20);
    for (const { pid } of captureProcesses())
      for (const file of ['cmdline', 'environ'])
        clean(`the capture's ${file}`, readFileSync(`/proc/${pid}/${file}`, 'utf8'));
    clean('the command line', readFileSync(`/proc/${daemon.process.pid}/cmdline`, 'utf8'));
  } catch (error) {
    throw new Error(daemon.log.join('\n'), { cause: error });
  } finally {
    await kill(daemon.process, 'SIGTERM');
  }
  clean('the output', daemon.log.join('\n'));
}

for (const [name, where, refusal, credentials] of [
  ['that servers say back', () => url, 'unauthorized', 3],
  ['for servers that are not there', () => 'http://127.0.0.1:1', 'ECONNREFUSED', 0],
] as const) {
  test(`in no output, process list or child: credentials ${name}`, async () => {
    heard.clear();
    await run({ KUBECONFIG: kubeconfig(where()) }, refusal);
    for (const own of [bucket, database])
      await run({ INFLUX_URL: where(), ...own }, 'InfluxDB does not take rows');
    assert.equal(heard.size, credentials, [...heard].join());
  });
}

test('in no message about a mistake in the configuration', async () => {
  const wrong = {
    INFLUX_URL: `http://jane:${PASSWORD}@127.0.0.1`,
    INFLUX_TOKEN: TOKEN,
    INTERVAL: 'x',
  };
  const path = kubeconfig(url);
  for (const text of [`users: [{token: ${BEARER}`, `token: ${BEARER}\n  - : [`]) {
    writeFileSync(path, text);
    for (const extra of [wrong, {}]) {
      const { process, log } = lab.daemon({ ...extra, KUBECONFIG: path });
      await once(process, 'close');
      clean('the output', log.join('\n'));
    }
  }
});
