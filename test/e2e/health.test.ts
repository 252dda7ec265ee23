import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { until } from '../lab/influx.ts';
import { createLab, type Daemon, type Lab } from '../lab/lab.ts';
import { kill } from '../lab/shell.ts';

const URL = 'http://127.0.0.1:9790';

const LIVING = new RegExp(
  [
    'ok',
    'last window closed \\d+ s ago',
    '1 capture runs for 1 pod',
    'a capture answered \\d+ s ago',
    'captures can be started',
  ].join('\n'),
);

let lab: Lab;
let daemon: Daemon;

before(async () => {
  lab = await createLab();
  await lab.pod({ namespace: 'shop', name: 'web-0', ips: ['10.244.0.10'] });
  lab.api.fault(({ path }) =>
    path.includes('services') ? { status: 503, body: 'no' } : 'proceed',
  );
  daemon = lab.daemon({ INTERVAL: '5s' });
  await until(async () => (await fetch(`${URL}/healthz`)).ok, 'the port');
});

after(async () => {
  await kill(daemon.process, 'SIGTERM');
  await lab.end();
});

async function probe(path: string): Promise<{ status: number; text: string }> {
  const answer = await fetch(URL + path);
  return { status: answer.status, text: await answer.text() };
}

test('/readyz says what has not been listed yet, and is content when all has', async () => {
  await until(async () => (await probe('/readyz')).text.includes('nodes: listed'), 'the nodes');
  const { status, text } = await probe('/readyz');
  assert.equal(status, 503);
  assert.match(text, /^not ok\n[\s\S]*services: not listed yet/);
  assert.match(text, /first window: not over yet, or not named/);
  lab.api.fault(undefined);
  await until(async () => (await probe('/readyz')).status === 200, 'readiness', 60);
  assert.match((await probe('/readyz')).text, /^ok\n[\s\S]*first window: written, or on disk\n$/);
  const rows = () => lab.influx.query('SELECT * FROM nstat_agent');
  await until(async () => (await rows()).length > 0, 'the rows');
});

test('/healthz reports windows and captures', async () => {
  const { status, text } = await probe('/healthz');
  assert.equal(status, 200);
  assert.match(text, LIVING);
});

test('a port that is taken is a mistake in the configuration', async () => {
  const { process, log } = lab.daemon();
  const [code] = await once(process, 'close');
  assert.equal(code, 2);
  assert.match(log.join('\n'), /LISTEN is ":9790"; it cannot be used: .*EADDRINUSE/);
});
