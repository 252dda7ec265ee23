import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Row, until } from '../lab/influx.ts';
import { createLab, type Daemon, type Lab, type Pod } from '../lab/lab.ts';
import { processesNamed } from '../lab/processes.ts';
import { kill } from '../lab/shell.ts';

/** How many pods live and die one after the other, and for how long. */
const LIVES = Number(process.env['LIVES'] ?? 10);
const LIFE = 3000;
const RATE = 1_000_000;
const SILENCE = 1200;
const REASONS = ['missingUncaptured', 'missingOverload', 'missingPaused', 'missingOther'] as const;

let lab: Lab;
let daemon: Daemon;
let server: Pod;
/** What the interface of each had counted, in both directions, just before its end. */
const counted = new Map<string, number>();
let podRows: Row[];
let rows: Row[];

before(async () => {
  lab = await createLab();
  server = await lab.pod({ namespace: 'lab', name: 'server', ips: ['10.244.0.11'] });
  await server.serve(8080);
  daemon = lab.daemon({ INTERVAL: '5s' });
  await until(() => processesNamed('iftop').length === 1, 'the capture of the server');
  for (let index = 0; index < LIVES; index += 1)
    await live(`${index % 2 === 0 ? 'orderly' : 'abrupt'}-${index}`, index);
  await sleep(3000);
  await kill(daemon.process, 'SIGTERM');
  podRows = await lab.influx.query('SELECT * FROM nstat_pod');
  rows = await lab.influx.query('SELECT * FROM nstat');
});

after(() => lab.end());

/**
 * A pod that sends from its first moment to its last, if it is of an odd index; else it is silent
 * for as long as packets may wait to be captured.
 */
async function live(name: string, index: number): Promise<void> {
  const ips = [`10.244.0.${20 + (index % 200)}`];
  const pod = await lab.pod({ namespace: 'lab', name, ips, announced: true });
  const traffic = pod.traffic('send', '10.244.0.11', 8080, RATE);
  await sleep(LIFE - SILENCE);
  if (index % 2 === 0) await kill(traffic, 'SIGKILL');
  await sleep(SILENCE);
  const { sentBytes, sentPackets, receivedBytes, receivedPackets } = pod.sandbox.counters();
  counted.set(name, sentBytes + receivedBytes - 14 * (sentPackets + receivedPackets));
  await pod.remove();
}

function sum(list: readonly Row[], ...columns: readonly string[]): number {
  return list.reduce(
    (total, row) => columns.reduce((part, column) => part + Number(row[column] ?? 0), total),
    0,
  );
}

function share(t: TestContext, what: string, part: number, whole: number): number {
  t.diagnostic(`${what}: ${part} of ${whole} bytes, ${((100 * part) / whole).toFixed(2)} %`);
  return part / whole;
}

test('every pod that lives for three seconds is seen, and its peer is named', (t) => {
  const seen = [...counted.keys()].filter((name) =>
    rows.some(({ pod, peer }) => pod === name && peer === 'server'),
  );
  t.diagnostic(`${seen.length} of ${LIVES} pods were seen`);
  assert.equal(seen.length, LIVES);
});

for (const [manner, least] of [
  ['orderly', 0.95],
  // The last second waits in the packet ring, which goes with the interface.
  ['abrupt', 0.4],
] as const) {
  test(`of pods with an ${manner} end the kernel's bytes are counted and attributed as far as can be`, (t) => {
    const names = [...counted.keys()].filter((name) => name.startsWith(manner));
    const own = podRows.filter(({ pod }) => names.includes(String(pod)));
    const whole = names.reduce((total, name) => total + (counted.get(name) ?? 0), 0);
    const byKernel = share(t, 'in nstat_pod', sum(own, 'sentBytes', 'receivedBytes'), whole);
    const seen = share(t, 'attributed', sum(own, 'sentAttributed', 'receivedAttributed'), whole);
    share(t, 'before the first frame, after the last', sum(own, 'missingUncaptured'), whole);
    share(t, 'missing for other reasons', sum(own, 'missingOther'), whole);
    assert.ok(byKernel > 0.9 && byKernel < 1.05);
    assert.ok(seen > least && seen < 1.05);
  });
}

test('in every row the kernel’s bytes are the attributed ones and the missing ones, and have all been counted', () => {
  for (const row of podRows) {
    const missing = (direction: 'sent' | 'received') =>
      Math.max(0, sum([row], `${direction}Bytes`) - sum([row], `${direction}Attributed`));
    assert.equal(sum([row], ...REASONS), missing('sent') + missing('received'));
    assert.equal(sum([row], 'sentUncounted', 'receivedUncounted'), 0);
  }
});

test('the totals of the node are those of its pods', async () => {
  const agents = await lab.influx.query('SELECT * FROM nstat_agent');
  for (const reason of REASONS) assert.equal(sum(agents, reason), sum(podRows, reason));
  assert.ok(Number(agents.at(-1)?.['series']) > LIVES);
});

test('no capture of theirs is said to have failed', () => {
  const failed = daemon.log.filter((line) => line.includes('capture failed'));
  assert.deepEqual(failed, []);
});
