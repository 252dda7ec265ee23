import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempDisposableSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect as dial, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { readConfig } from '../../daemon/config.ts';
import { Problems } from '../../daemon/log.ts';
import { runPipeline } from '../../daemon/pipeline.ts';
import { printer } from '../../daemon/printer.ts';
import { connect } from '../../lib/kubernetes/client/client.ts';
import { startApiServer } from '../lab/apiserver/server.ts';
import { selfSigned } from '../lab/apiserver/tls.ts';
import { until } from '../lab/influx.ts';
import { kubeconfigFor } from '../lab/kubeconfig.ts';

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

test('at its end nobody who sends slowly keeps it', async () => {
  using home = mkdtempDisposableSync(join(tmpdir(), 'nstats-pipeline-'));
  const tls = selfSigned(home.path, ['127.0.0.1']);
  await using api = await startApiServer({ tls });
  const kubeconfig = join(home.path, 'kubeconfig');
  writeFileSync(kubeconfig, kubeconfigFor(api.url, tls.ca, 't'));
  const port = await freePort();
  const LISTEN = `127.0.0.1:${port}`;
  const stop = new AbortController();
  const ended = runPipeline({
    config: readConfig({ NODE_NAME: 'n', INFLUX_URL: 'http://a', INFLUX_DATABASE: 'd', LISTEN }),
    client: connect(kubeconfig),
    sink: printer(() => {}),
    log: quiet,
    problems: new Problems(quiet),
    // There are no processes, so there is nothing to capture.
    proc: home.path,
    signal: stop.signal,
  });
  const readiness = async () => (await fetch(`http://${LISTEN}/readyz`)).text();
  await until(async () => !/not (listed|followed)/.test(await readiness()), 'the cluster');
  const socket = dial(port, '127.0.0.1').on('error', () => {});
  const closed = new Promise((resolve) => socket.resume().once('close', resolve));
  socket.write('GET /healthz HTTP/1.1\r\nhost: ');
  setInterval(() => socket.write('a'), 200).unref();
  // One that has said nothing yet is idle, and ended anyway.
  await sleep(500);
  stop.abort();
  await ended;
  const from = performance.now();
  await closed;
  assert.ok(performance.now() - from < 1000);
});
