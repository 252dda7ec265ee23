import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Problems } from '../../daemon/log.ts';
import { UnsentRows } from '../../lib/influx/spool/unsent-rows.ts';
import { Queue } from '../../lib/influx/queue.ts';
import { writer } from '../../lib/influx/writer.ts';
import { until } from '../lab/influx.ts';
import { createLab, type Daemon, type Lab, type Pod } from '../lab/lab.ts';
import { assertClose, sum } from '../lab/rows.ts';
import { kill } from '../lab/shell.ts';

/** Seconds without InfluxDB, and of kills. */
const SECONDS = Number(process.env['DELIVERY_SECONDS'] ?? 12);
const INTERVAL = 5;
const RATE = 1_000_000;

let lab: Lab;
let web: Pod;
let running: Daemon | undefined;

before(async () => {
  lab = await createLab();
  web = await lab.pod({ namespace: 'shop', name: 'web', ips: ['10.244.0.10'] });
  const db = await lab.pod({ namespace: 'shop', name: 'db', ips: ['10.244.0.11'] });
  await db.serve(80);
});
after(() => lab.end());

beforeEach(() => lab.influx.clear());
afterEach(async () => {
  if (running) await kill(running.process, 'SIGKILL');
});

function start(): Daemon {
  running = lab.daemon({ INTERVAL: `${INTERVAL}s`, LOG_LEVEL: 'debug' });
  return running;
}

const sentByKernel = () => web.sandbox.passed().sent;
const agentRows = () => lab.influx.query('SELECT * FROM nstat_agent');
const newest = async () => (await agentRows()).at(-1)?.time ?? 0;
/** A window whose process was killed before its rows were on disk is closed again by the next one. */
const windowsClosed = (...lives: readonly Daemon[]) => {
  const lines = lives.flatMap(({ said }) => said('"window closed"'));
  return new Set(lines.map((line) => (JSON.parse(line) as { end: string }).end)).size;
};

describe('InfluxDB that is away for a while', () => {
  test('has every window afterwards, with the sums of the kernel, and fresh ones first', async (t) => {
    const daemon = start();
    await lab.captures(2);
    await sleep(1500);
    const before = sentByKernel();
    const traffic = web.traffic('send', '10.244.0.11', 80, RATE);
    await until(async () => (await agentRows()).length > 0, 'the first window');
    await lab.influx.stop();
    await sleep(SECONDS * 1000);
    await lab.influx.start();
    const back = Date.now() / 1000;
    await until(async () => (await newest()) > back, 'a window that ended afterwards');
    const late = Date.now() / 1000 - (await newest());
    t.diagnostic(
      `away for ${SECONDS} s; the first window after it came ${late.toFixed(1)} s later`,
    );
    await until(async () => {
      const rows = await agentRows();
      return Number(rows.at(-1)?.['spoolBytes']) === 0;
    }, 'the end of the older rows');
    await kill(traffic, 'SIGKILL');
    await sleep(300);
    const kernel = sentByKernel() - before;
    assert.equal(await kill(daemon.process, 'SIGTERM'), 0);

    const rows = await agentRows();
    assert.equal(rows.length, windowsClosed(daemon));
    const times = rows.map(({ time }) => time);
    for (const [index, time] of times.slice(1, -1).entries())
      assert.equal(time - (times[index] ?? 0), INTERVAL);
    assert.equal(sum(rows, 'rowsLost'), 0);
    assert.ok(sum(rows, 'writeRetries') > 0);
    assert.ok(Math.max(...rows.map((row) => Number(row['spoolSeconds']))) > SECONDS / 2);
    const podRows = await lab.influx.query("SELECT * FROM nstat_pod WHERE pod = 'web'");
    const peers = await lab.influx.query("SELECT * FROM nstat WHERE pod = 'web'");
    const [counted, attributed] = [sum(podRows, 'sentBytes'), sum(peers, 'sentBytes')];
    // What was not captured yet when the agent ended.
    const last = sum(podRows.slice(-2), 'missingUncaptured');
    t.diagnostic(`kernel ${kernel}, counted ${counted}, attributed ${attributed}`);
    assertClose(counted, kernel, 0.001, 1000);
    assertClose(attributed + last, kernel, 0.005, 0.1 * RATE);
  });
});

describe('a daemon that is killed again and again', () => {
  test('loses no window that it had closed, and counts none twice', async (t) => {
    const before = sentByKernel();
    const traffic = web.traffic('send', '10.244.0.11', 80, RATE);
    const from = Date.now();
    const lives: Daemon[] = [];
    let away = false;
    while (Date.now() - from < Math.max(SECONDS, 24) * 1000) {
      const daemon = start();
      lives.push(daemon);
      // Some close two windows or three, some none; every other one has no InfluxDB.
      await sleep(lives.length % 3 === 0 ? 4000 : 9000 + Math.random() * 7000);
      await kill(daemon.process, 'SIGKILL');
      await (away ? lab.influx.start() : lab.influx.stop());
      away = !away;
    }
    if (away) await lab.influx.start();
    const last = start();
    lives.push(last);
    await lab.captures(2);
    await kill(traffic, 'SIGKILL');
    await sleep(300);
    const kernel = sentByKernel() - before;
    const closed = () => windowsClosed(...lives);
    await until(async () => {
      const idle = Number((await agentRows()).at(-1)?.['spoolBytes']) === 0;
      return idle && (await agentRows()).length === closed();
    }, 'every window that was closed');
    await kill(last.process, 'SIGTERM');
    assert.equal((await agentRows()).length, closed());
    const podRows = await lab.influx.query("SELECT * FROM nstat_pod WHERE pod = 'web'");
    const peers = await lab.influx.query("SELECT * FROM nstat WHERE pod = 'web'");
    const counted = sum(podRows, 'sentBytes');
    assert.equal(sum(peers, 'sentBytes'), sum(podRows, 'sentAttributed'));
    assert.ok(counted > 0 && counted <= kernel, `${counted} of ${kernel}`);
    // A sender makes up for what it could not send on a busy machine.
    for (const row of podRows) assert.ok(Number(row['sentBytes']) < 1.8 * RATE * INTERVAL);
    const gap = kernel - counted;
    t.diagnostic(`${lives.length - 1} kills, ${closed()} windows closed and all of them there`);
    t.diagnostic(`kernel ${kernel}, counted ${counted}, in the gaps ${gap} bytes`);
  });
});

describe('one row among thousands that influxd refuses', () => {
  const good = Array.from({ length: 4000 }, (_, index) => `many,i=${index} v=${index}i 1700000000`);
  const bad: readonly [name: string, row: string][] = [
    ['has a field of another type', 'many,i=3999 v="text" 1700000001'],
    ['is no line protocol', 'many,i=3999 v=1x 1700000001'],
  ];
  for (const [name, row] of bad) {
    test(`because it ${name} is the only one that is missing`, async () => {
      const { url, database } = lab.influx;
      await lab.influx.query('DROP MEASUREMENT many');
      const said: object[] = [];
      const say = (fields: object) => said.push(fields);
      const log = { debug() {}, info: say, warn: say, error: say };
      const problems = new Problems(log);
      const nobody = { username: undefined, password: undefined, retentionPolicy: undefined };
      const write = writer({ url, api: 1, database, ...nobody });
      await write(good[0] ?? '');
      const directory = join(lab.directory, 'rows');
      const unsent = new UnsentRows({ directory, max: 2 ** 24, memory: 2 ** 24, log, problems });
      const queue = new Queue({ write, unsent, offset: 0, problems });
      queue.push(good.toSpliced(1234, 0, row), 1);
      queue.close();
      await queue.run(AbortSignal.timeout(30_000));
      await unsent.close();
      const { written, refused, bytes } = queue.figures;
      assert.deepEqual([written, refused, bytes], [4000, 1, 0]);
      const [stored] = await lab.influx.query('SELECT count(v) FROM many');
      assert.equal(stored?.['count'], 4000);
      assert.match(JSON.stringify(said), /field type conflict|invalid number/);
    });
  }
});
