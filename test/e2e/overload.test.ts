import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { between, UNUSED } from '../../lib/linux/interface-counters.ts';
import { type Row, until } from '../lab/influx.ts';
import { createLab, type Daemon, type Lab, type Pod } from '../lab/lab.ts';
import { processesNamed, type ProcessStatus } from '../lab/processes.ts';
import { ip, kill } from '../lab/shell.ts';

const FLOWS = 30_000;
const PACKETS = 10_000;
const STORM = 30_000;
const RATE = 2_000_000;
const OTHERS = ['a', 'b', 'c', 'd'];

let lab: Lab;
let daemon: Daemon;
let sentInStorm: number;
let rows: Row[];
let recovered: number;
let metrics: string;
const iftops = (): ProcessStatus[] => processesNamed('iftop');

before(async () => {
  lab = await createLab();
  // What the storm sends there goes nowhere, without an answer.
  ip(['route replace blackhole 198.18.0.0/15']);
  const pods: Pod[] = [];
  for (const [index, name] of OTHERS.entries()) {
    pods.push(await lab.pod({ namespace: 'lab', name, ips: [`10.244.0.${10 + index}`] }));
  }
  const [a, b, c, d] = pods as [Pod, Pod, Pod, Pod];
  await b.serve(8080);
  await d.serve(8080);
  daemon = lab.daemon({ INTERVAL: '5s' });
  await until(() => iftops().length === OTHERS.length, 'a capture of each');
  const storm = await lab.pod({ namespace: 'lab', name: 'storm', ips: ['10.244.0.20'] });
  await until(() => iftops().length === OTHERS.length + 1, 'the capture of the fifth');
  await sleep(2000);
  const calm = [
    a.traffic('send', '10.244.0.11', 8080, RATE),
    c.traffic('send', '10.244.0.13', 8080, RATE),
    storm.traffic('send', '10.244.0.13', 8080, RATE / 10),
  ];
  await sleep(4000);
  const sweep = storm.traffic('sweep', PACKETS, FLOWS);
  await sleep(STORM);
  metrics = await (await fetch('http://127.0.0.1:9790/metrics')).text();
  await kill(sweep, 'SIGKILL');
  const over = Date.now();
  await until(isBack, 'the end of the overload', 75);
  recovered = (Date.now() - over) / 1000;
  await sleep(6000);
  for (const child of calm) await kill(child, 'SIGKILL');
  // The end of the daemon is another test's matter: all that has passed is seen by then.
  await sleep(4000);
  sentInStorm = between(UNUSED, storm.sandbox.counters()).sent;
  await kill(daemon.process, 'SIGTERM');
  rows = await lab.influx.query('SELECT * FROM nstat_pod');
});

after(() => lab.end());

/** By the rows of the agent, which tell it to whom looks at InfluxDB alone. */
async function isBack(): Promise<boolean> {
  const [agent] = await lab.influx.query('SELECT * FROM nstat_agent ORDER BY time DESC LIMIT 1');
  return agent?.['sessionsOverloaded'] === 0 && agent['sessions'] === OTHERS.length + 1;
}

function sum(pod: string, field: string): number {
  return rows
    .filter((row) => row['pod'] === pod)
    .reduce((total, row) => total + Number(row[field] ?? 0), 0);
}

for (const [pod, field, attributed] of [
  ['a', 'sentBytes', 'sentAttributed'],
  ['b', 'receivedBytes', 'receivedAttributed'],
  ['c', 'sentBytes', 'sentAttributed'],
  ['d', 'receivedBytes', 'receivedAttributed'],
] as const) {
  test(`the books of pod ${pod} balance within 0.5 % all the while`, (t) => {
    const [kernel, seen] = [sum(pod, field), sum(pod, attributed)];
    t.diagnostic(`${pod}: attributed ${seen} of ${kernel} bytes`);
    assert.ok(kernel > RATE * 30);
    assert.ok(Math.abs(seen - kernel) <= 0.005 * kernel, `${seen} of ${kernel}`);
  });
}

test('the totals of the overloaded pod are those of its interface, to the byte', (t) => {
  t.diagnostic(`attributed ${sum('storm', 'sentAttributed')} of ${sentInStorm} bytes`);
  assert.equal(sum('storm', 'sentBytes'), sentInStorm);
});

test('what is missing of it is said to be missing for its flows', (t) => {
  const reasons = [
    'missingUncaptured',
    'missingOverload',
    'missingPaused',
    'missingOther',
  ] as const;
  const [uncaptured, overload, paused, other] = reasons.map((reason) => sum('storm', reason));
  t.diagnostic(
    `uncaptured ${uncaptured}, overload ${overload}, paused ${paused}, other ${other} bytes`,
  );
  for (const row of rows.filter(({ pod }) => pod === 'storm')) {
    const number = (field: string) => Number(row[field] ?? 0);
    const parts = reasons.map(number).reduce((total, bytes) => total + bytes, 0);
    const [sent, received] = ['sent', 'received'].map((direction) =>
      Math.max(0, number(`${direction}Bytes`) - number(`${direction}Attributed`)),
    );
    assert.equal(parts, Number(sent) + Number(received));
  }
  assert.ok(Number(overload) > 0.05 * sentInStorm);
  assert.ok(Number(uncaptured) + Number(other) < 0.01 * sentInStorm);
});

test('its state is in its rows, in the metrics and, said once, in the log', () => {
  assert.match(metrics, /^nstats_sessions\{state="overloaded"\} 1$/m);
  assert.ok(rows.some(({ pod, overloaded }) => pod === 'storm' && overloaded === 1));
  assert.ok(OTHERS.every((name) => sum(name, 'overloaded') === 0));
  const said = daemon.log.filter((line) => line.includes('iftop is at its limits'));
  assert.equal(said.length, 1, said.join('\n'));
});

test('it is captured again within a minute of the end, and its books balance', (t) => {
  t.diagnostic(`back ${recovered.toFixed(0)} s after the storm`);
  assert.ok(recovered < 60);
  const last = rows.filter(({ pod }) => pod === 'storm').at(-2);
  assert.equal(last?.['overloaded'], 0);
  const [kernel, attributed] = [Number(last?.['sentBytes']), Number(last?.['sentAttributed'])];
  assert.ok(kernel > 0 && Math.abs(attributed - kernel) < 0.02 * kernel);
});
