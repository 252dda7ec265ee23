import assert from 'node:assert/strict';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { between } from '../../lib/linux/interface-counters.ts';
import { until } from '../lab/influx.ts';
import { countCaptures, createLab, type Daemon, type Lab, type Pod, SOURCE } from '../lab/lab.ts';
import { captureProcesses, processesNamed } from '../lab/processes.ts';
import { assertClose, MISSING, sum } from '../lab/rows.ts';
import { kill } from '../lab/shell.ts';

const RATE = 1_000_000;
/** Milliseconds that packets may wait to be captured; what waits is lost with the interface. */
const WAITING = 1100;

let lab: Lab;
let client: Pod;
let server: Pod;
/** What is there of captures, from the first program of their command lines on. */
const started = () =>
  ['nsenter', 'setpriv', 'stdbuf', 'iftop', 'nstats-bpf'].flatMap(processesNamed);
const rowsOf = (measurement: string, pod: string) =>
  lab.influx.query(`SELECT * FROM ${measurement} WHERE pod = '${pod}'`);

before(async () => {
  lab = await createLab();
  client = await lab.pod({ namespace: 'lab', name: 'client', ips: ['10.244.0.10'] });
  server = await lab.pod({ namespace: 'lab', name: 'server', ips: ['10.244.0.11'] });
  await server.serve(8080);
  client.traffic('send', '10.244.0.11', 8080, RATE);
});

after(() => lab.end());

async function start(environment = {}, pods = 2): Promise<Daemon> {
  const daemon = lab.daemon({ INTERVAL: '5s', ...environment });
  await lab.captures(pods);
  return daemon;
}

describe('a daemon that is killed', () => {
  test('leaves no capture behind', async () => {
    const daemon = await start();
    await kill(daemon.process, 'SIGKILL');
    await until(() => captureProcesses().length === 0, 'the end of the captures');
  });

  test('while it starts its captures leaves none behind either', async () => {
    for (const delay of [0, 20, 40, 60, 80, 100, 150, 200]) {
      const daemon = lab.daemon();
      await until(() => daemon.log.length > 0, 'the first log line');
      await sleep(delay);
      await kill(daemon.process, 'SIGKILL');
      await until(() => started().length === 0, `the end of all, after ${delay} ms`);
    }
  });
});

test('a daemon that is told to end at any moment of its start ends, with all that it started', async () => {
  for (const delay of [0, 100, 200]) {
    const daemon = lab.daemon();
    await until(() => daemon.log.length > 0, 'the first log line');
    await sleep(delay);
    assert.equal(await kill(daemon.process, 'SIGTERM'), 0, daemon.log.join('\n'));
    await until(() => started().length === 0, `the end of all, after ${delay} ms`);
  }
  // The moment at which there is a process that does not capture yet.
  for (let round = 0; round < 3; round += 1) {
    const daemon = lab.daemon();
    await until(() => started().length > 0, 'a process that captures, or is about to');
    assert.equal(await kill(daemon.process, 'SIGTERM'), 0, daemon.log.join('\n'));
    // Else the next daemon is told to end before it can hear of it.
    await until(() => started().length === 0, 'the end of all');
  }
});

describe('a capture', () => {
  let daemon: Daemon;
  before(async () => {
    daemon = await start();
  });
  after(() => kill(daemon.process, 'SIGTERM'));

  test('of a pod that is recreated under its name adds to the same rows', async () => {
    const totals = [];
    for (const ip of ['10.244.0.21', '10.244.0.22']) {
      const pod = await lab.pod({ namespace: 'lab', name: 'phoenix', ips: [ip] });
      await lab.captures(3);
      const before = pod.sandbox.counters();
      const traffic = pod.traffic('send', '10.244.0.11', 8080, RATE);
      await sleep(1500);
      await kill(traffic, 'SIGKILL');
      await sleep(WAITING);
      totals.push(between(before, pod.sandbox.counters()).sent);
      await pod.remove();
      await lab.captures(2);
    }
    const kernel = totals.reduce((a, b) => a + b, 0);
    const counted = async () => sum(await rowsOf('nstat_pod', 'phoenix'), 'sentBytes');
    await until(async () => (await counted()) > 0.98 * kernel, 'its rows');
    await sleep(6000);
    assertClose(await counted(), kernel, 0.02);
    const [attributed, missing] = [
      sum(await rowsOf('nstat', 'phoenix'), 'sentBytes'),
      sum(await rowsOf('nstat_pod', 'phoenix'), ...MISSING),
    ];
    // An iftop that gets no CPU misses bytes.
    assert.ok(attributed > kernel / 2 && attributed < 1.02 * kernel, `${attributed} of ${kernel}`);
    assert.ok(attributed + missing > 0.98 * kernel, `${attributed}, ${missing} of ${kernel}`);
  });

  test('of pods that come and go at any moment is gone with them', async () => {
    const lives = Array.from({ length: 12 }, async (_, index) => {
      const pod = await lab.pod({
        namespace: 'lab',
        name: `brief-${index}`,
        ips: [`10.244.0.${40 + index}`],
      });
      await sleep(index * 40);
      await pod.remove();
    });
    await Promise.all(lives);
    await lab.captures(2);
    await sleep(1500);
    assert.equal(countCaptures(), 2);
  });
});

// The helper's rights and ends are tested in test/bpf/kernel and bpf.test.ts.
if (SOURCE === 'iftop')
  describe('an iftop', () => {
    let daemon: Daemon;
    before(async () => {
      daemon = await start();
    });
    after(() => kill(daemon.process, 'SIGTERM'));

    test('runs as a user of its own, with CAP_NET_RAW and nothing else, and can gain nothing', () => {
      const users = new Set<string>();
      for (const status of processesNamed('iftop')) {
        const [user = '', ...same] = String(status['Uid']).split('\t');
        assert.ok(Number(user) >= 61_184 && Number(user) < 65_520, user);
        assert.deepEqual(same, [user, user, user]);
        assert.equal(status['Gid'], status['Uid']);
        users.add(user);
        assert.equal(status['CapEff'], '0000000000002000');
        assert.equal(status['CapPrm'], '0000000000002000');
        assert.equal(status['CapBnd'], '0000000000002000');
        assert.equal(status['NoNewPrivs'], '1');
        const environment = readFileSync(`/proc/${status['Pid']}/environ`, 'utf8');
        assert.doesNotMatch(environment, /INFLUX|KUBE|NODE_NAME/);
        // Packets, the daemon's pipes, and what its library has opened itself: no namespace.
        const open = readdirSync(`/proc/${status['Pid']}/fd`).map((fd) =>
          readlinkSync(`/proc/${status['Pid']}/fd/${fd}`),
        );
        assert.ok(
          open.every((what) =>
            /^(?:pipe:|socket:|anon_inode:|\/etc\/(?:hosts|protocols|services)$)/.test(what),
          ),
          open.join(),
        );
      }
      assert.equal(users.size, processesNamed('iftop').length);
    });

    test('that crashes is started again, counted, and logged once', async () => {
      const [victim] = processesNamed('iftop');
      process.kill(victim?.pid ?? assert.fail('no iftop'), 'SIGKILL');
      await lab.captures(1);
      await lab.captures(2);
      await until(async () => {
        const rows = await lab.influx.query('SELECT * FROM nstat_agent');
        return sum(rows, 'sessionRestarts') >= 1;
      }, 'the row that counts it');
      assert.equal(daemon.said('"capture failed').length, 1);
    });

    test('that stops answering while the counters move is started again', async () => {
      const [victim] = processesNamed('iftop');
      process.kill(victim?.pid ?? assert.fail('no iftop'), 'SIGSTOP');
      await until(() => !processesNamed('iftop').some(({ pid }) => pid === victim?.pid), 'its end');
      await lab.captures(2);
      assert.ok(daemon.said('it does not answer').length > 0);
    });
  });
