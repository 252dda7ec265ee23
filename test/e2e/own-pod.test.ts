import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { parse, type Scrape } from '../daemon/exposition.ts';
import { pod as podObject } from '../lab/apiserver/objects.ts';
import { until } from '../lab/influx.ts';
import { createLab, type Lab, type Pod } from '../lab/lab.ts';
import { processesNamed } from '../lab/processes.ts';
import { sum } from '../lab/rows.ts';
import { kill } from '../lab/shell.ts';

/** Windows that are compared with the kernel's counters. */
const WINDOWS = 3;

let lab: Lab;
let agent: Pod;

before(async () => {
  lab = await createLab();
  agent = await lab.pod({ namespace: 'nstats', name: 'nstats-x7k2p', ips: ['10.244.0.2'] });
  const web = await lab.pod({ namespace: 'shop', name: 'web', ips: ['10.244.0.10'] });
  const db = await lab.pod({ namespace: 'shop', name: 'db', ips: ['10.244.0.11'] });
  await db.serve(8080);
  web.traffic('send', '10.244.0.11', 8080, 100_000);
  // These have no network on a healthy node either: a volume that is not there, and a finalizer that stays.
  const volume = podObject({ namespace: 'shop', name: 'no-volume', nodeName: 'lab-1', ips: [] });
  lab.api.store.put('pods', { ...volume, status: { phase: 'Pending' } });
  const stuck = { namespace: 'shop', name: 'stuck', nodeName: 'lab-1', ips: ['10.244.0.66'] };
  const object = podObject(stuck);
  const deletionTimestamp = new Date(Date.now() - 3_600_000).toISOString();
  const metadata = { ...object.metadata, deletionTimestamp };
  lab.api.store.put('pods', { ...object, metadata });
});

after(() => lab.end());

async function scrape(): Promise<Scrape> {
  return parse(await (await fetch(`http://${agent.ips[0]}:9790/metrics`)).text());
}

for (const isolated of [false, true]) {
  const where = isolated ? 'a cgroup namespace of its own' : 'the cgroup namespace of the node';

  describe(`an agent in a pod of its node, and in ${where}`, () => {
    test('captures its own pod like any other, and no pod waits', async (t) => {
      const daemon = agent.agent(isolated);
      t.after(() => kill(daemon.process, 'SIGTERM'));
      const from = Math.floor(Date.now() / 1000);
      const running = async () => (await scrape()).values.get('nstats_sessions{state="running"}');
      await until(async () => (await running()) === 3, 'the captures of all pods');
      const { values } = await scrape();
      assert.equal(values.get('nstats_sessions{state="waiting"}'), 0);
      assert.equal(values.get('nstats_sessions{state="pending"}'), 2);
      for (const status of processesNamed('iftop')) {
        assert.equal(status['CapEff'], '0000000000002000');
        assert.notEqual(status['Uid']?.toString().split('\t')[0], '0');
      }
      // Bytes pass a boundary between windows with the last frames: only several windows together must agree.
      const own = () =>
        lab.influx.query(`SELECT * FROM nstat_pod WHERE pod = 'nstats-x7k2p' AND time > ${from}s`);
      await until(async () => (await own()).length >= WINDOWS, 'rows of the agent itself');
      // At its end the agent delivers what may be late, such as its first window.
      await kill(daemon.process, 'SIGTERM');
      const rows = await own();
      const kernel = sum(rows, 'sentBytes', 'receivedBytes');
      const attributed = sum(rows, 'sentAttributed', 'receivedAttributed');
      const uncaptured = sum(rows, 'missingUncaptured');
      const numbers = `${attributed} of ${kernel}, ${uncaptured} not captured`;
      assert.ok(kernel > 10_000 && attributed > 0.5 * kernel, numbers);
      assert.ok(attributed <= 1.05 * kernel, numbers);
      assert.ok(attributed + uncaptured >= 0.95 * kernel, numbers);
    });

    test('--check finds the network of every pod', async () => {
      const daemon = agent.agent(isolated, '--check');
      const [code] = await once(daemon.process, 'close');
      assert.match(daemon.log.join('\n'), /3 of 3 pods found/);
      assert.equal(code, 0);
    });
  });
}
