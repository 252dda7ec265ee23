import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../lab/influx.ts';
import { createLab, type Daemon, type Lab } from '../lab/lab.ts';
import { captureProcesses } from '../lab/processes.ts';
import { assertReasons, sum } from '../lab/rows.ts';
import { kill } from '../lab/shell.ts';

/** How often it is killed, half of the time with the API server away. */
const KILLS = Number(process.env['END_KILLS'] ?? 4);
const INTERVAL = 5000;
const CLIENTS = 6;
/** Each to two peers, in bytes a second. */
const RATE = 500_000;
/** A kubelet in a hurry leaves so much time, in milliseconds. */
const HURRY = 2000;
/** A machine that runs many tests at once may be so much slower. */
const BUSY = 2;
/** Milliseconds after which a window that has ended must be on disk: it takes a few, unless the machine is busy. */
const LATE = Number(process.env['END_LATE'] ?? 1000);

let lab: Lab;
/** A pod that sends all the time. */
const POD = 'client-0';

before(async () => {
  lab = await createLab();
  for (const [index, name] of ['db', 'cache'].entries()) {
    const server = await lab.pod({ namespace: 'lab', name, ips: [`10.244.0.${10 + index}`] });
    await server.serve(8080);
  }
  for (let index = 0; index < CLIENTS; index += 1) {
    const name = `client-${index}`;
    const client = await lab.pod({ namespace: 'lab', name, ips: [`10.244.0.${20 + index}`] });
    for (const peer of [10, 11]) client.traffic('send', `10.244.0.${peer}`, 8080, RATE);
  }
});

after(() => lab.end());

beforeEach(() => lab.influx.clear());

const rowsOf = (measurement: string, where = '') =>
  lab.influx.query(`SELECT * FROM ${measurement} ${where}`);

async function start(environment = {}): Promise<Daemon> {
  const daemon = lab.daemon({ INTERVAL: `${INTERVAL / 1000}s`, ...environment });
  await lab.captures(CLIENTS + 2);
  return daemon;
}

/** The rows of the peers add up to what is attributed in each window of each pod, and none is written twice. */
async function assertSums(): Promise<void> {
  const pods = await rowsOf('nstat_pod');
  const peers = await rowsOf('nstat');
  for (const row of pods) {
    const own = peers.filter(({ time, pod }) => time === row.time && pod === row['pod']);
    assert.equal(sum(own, 'sentBytes'), row['sentAttributed'], `${row['pod']} ${row.time}`);
  }
}

describe('on SIGTERM under load', () => {
  test('the last window is in InfluxDB, and what was not reported of it is missing for a reason', async (t) => {
    const seconds: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      const daemon = await start();
      await sleep(2500 + Math.random() * INTERVAL);
      const from = Date.now();
      assert.equal(await kill(daemon.process, 'SIGTERM'), 0);
      seconds.push((Date.now() - from) / 1000);
      const [last] = await rowsOf('nstat_pod', `WHERE pod = '${POD}' ORDER BY time DESC LIMIT 1`);
      assert.ok(last);
      const ends = [from, Date.now()].map((at) => Math.ceil(at / 1000)) as [number, number];
      assert.ok(last.time >= ends[0] && last.time <= ends[1], `${last.time} ${ends.join()}`);
      const counted = sum([last], 'sentBytes', 'receivedBytes');
      const attributed = sum([last], 'sentAttributed', 'receivedAttributed');
      assertReasons([last]);
      const uncaptured = sum([last], 'missingUncaptured');
      assert.ok(counted - attributed - uncaptured < 0.05 * counted + 0.2 * RATE);
      // The kernel takes a while to close the sockets of the helper.
      await until(() => captureProcesses().length === 0, 'the end of the captures');
      // Rows have whole seconds: the next agent's first window must not end in the second of this one's last.
      await sleep(Math.max(0, last.time * 1000 - Date.now()));
    }
    t.diagnostic(`seconds to its end: ${seconds.map((each) => each.toFixed(2)).join(', ')}`);
    assert.ok(Math.max(...seconds) < (BUSY * HURRY) / 1000);
    await assertSums();
  });

  for (const [what, isAway, environment] of [
    ['InfluxDB does not answer', false, { INFLUX_URL: 'http://127.0.0.1:8099' }],
    ['the API server is away', true, {}],
    ['both are', true, { INFLUX_URL: 'http://127.0.0.1:8099' }],
  ] as const) {
    test(`it has as little time when ${what}, and loses nothing`, async (t) => {
      const mute = createServer((socket) => socket.resume()).listen(8099, '127.0.0.1');
      t.after(() => mute.close());
      const daemon = await start(environment);
      await sleep(3000);
      if (isAway) await lab.api.down();
      await sleep(1500);
      const from = Date.now();
      assert.equal(await kill(daemon.process, 'SIGTERM'), 0);
      const to = Date.now();
      const took = (to - from) / 1000;
      if (isAway) await lab.api.up();
      t.diagnostic(`seconds to its end: ${took.toFixed(2)}`);
      assert.ok(took < (BUSY * HURRY) / 1000);
      assert.deepEqual(daemon.said('these are lost'), []);
      if ('INFLUX_URL' in environment) {
        if (!isAway) assert.equal(daemon.said('these are kept').length, 1);
        return;
      }
      const next = await start();
      t.after(() => kill(next.process, 'SIGKILL'));
      const last = `WHERE pod = '${POD}' AND peer = 'db' AND time <= ${Math.ceil(to / 1000)}s`;
      await until(
        async () => (await rowsOf('nstat', last)).length > 0,
        'its last window, named by who had the address then',
      );
    });
  }
});

describe('kill -9 under load', () => {
  test('at any moment loses no window that had ended, with the API server and without', async (t) => {
    const ended = new Set<number>();
    const near: number[] = [];
    for (let round = 0; round < KILLS; round += 1) {
      const isAway = round % 2 === 1;
      if (isAway) await lab.api.down();
      const daemon = lab.daemon({ INTERVAL: `${INTERVAL / 1000}s` });
      await lab.captures(CLIENTS + 2);
      const from = Date.now();
      await sleep(INTERVAL * (0.5 + Math.random() * 1.5));
      const at = Date.now();
      await kill(daemon.process, 'SIGKILL');
      if (isAway) await lab.api.up();
      for (let end = Math.ceil(from / INTERVAL) * INTERVAL; end <= at - LATE; end += INTERVAL) {
        ended.add(end / 1000);
        near.push(at - end);
      }
    }
    const last = await start();
    const missing = async () => {
      const rows = await rowsOf('nstat_pod', `WHERE pod = '${POD}'`);
      const times = new Set(rows.map(({ time }) => time));
      return [...ended].filter((end) => !times.has(end));
    };
    await until(
      async () => (await missing()).length === 0,
      'every window that had ended',
      60,
    ).catch(() => {});
    await kill(last.process, 'SIGTERM');
    t.diagnostic(
      `${KILLS} kills, ${ended.size} windows had ended before one, the youngest by ${Math.min(...near)} ms`,
    );
    assert.deepEqual(await missing(), []);
    const agents = new Set((await rowsOf('nstat_agent')).map(({ time }) => time));
    assert.deepEqual(
      [...ended].filter((end) => !agents.has(end)),
      [],
    );
    await assertSums();
  });
});
