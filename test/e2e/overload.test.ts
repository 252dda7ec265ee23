import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from '../daemon/exposition.ts';
import { type Row, until } from '../lab/influx.ts';
import { createLab, type Daemon, type Lab, type Pod } from '../lab/lab.ts';
import { assertReasons, MISSING, sum } from '../lab/rows.ts';
import { ip, kill } from '../lab/shell.ts';

const FLOWS = 30_000;
const PACKETS = 10_000;
const STORM = 30_000;
const RATE = 2_000_000;
const OTHERS = ['a', 'b', 'c', 'd'];
/** An iftop that is kept from its CPU for longer than its packet ring lasts misses bytes, which are `missingOther`. */
const STARVED = 0.05;

let lab: Lab;
let daemon: Daemon;
let sentInStorm: number;
let rows: Row[];
/** How often the capture of the storm became overloaded. */
let overloads = 0;

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
  await lab.captures(OTHERS.length);
  const storm = await lab.pod({ namespace: 'lab', name: 'storm', ips: ['10.244.0.20'] });
  await lab.captures(OTHERS.length + 1);
  await sleep(2000);
  const calm = [
    a.traffic('send', '10.244.0.11', 8080, RATE),
    c.traffic('send', '10.244.0.13', 8080, RATE),
    storm.traffic('send', '10.244.0.13', 8080, RATE / 10),
  ];
  await sleep(4000);
  const sweep = storm.traffic('sweep', PACKETS, FLOWS);
  const over = new AbortController();
  const watch = countOverloads(over.signal);
  await until(() => overloads > 0, 'an overload', 90);
  await sleep(STORM);
  await kill(sweep, 'SIGKILL');
  await until(isBack, 'the end of the overload, by the rows of the agent', 90);
  over.abort();
  await watch;
  await sleep(6000);
  for (const child of calm) await kill(child, 'SIGKILL');
  // An agent that ends does not wait for what has not been captured yet.
  await sleep(4000);
  sentInStorm = storm.sandbox.passed().sent;
  await kill(daemon.process, 'SIGTERM');
  rows = await lab.influx.query('SELECT * FROM nstat_pod');
});

after(() => lab.end());

/** An overload lasts ten seconds at least, and the capture may follow its pod for some in between. */
async function countOverloads(end: AbortSignal): Promise<void> {
  for (let last = 0; !end.aborted; await sleep(1000)) {
    const { values } = parse(await (await fetch('http://127.0.0.1:9790/metrics')).text());
    const now = values.get('nstats_sessions{state="overloaded"}') ?? NaN;
    if (now > last) overloads += 1;
    last = now;
  }
}

async function isBack(): Promise<boolean> {
  const [agent] = await lab.influx.query('SELECT * FROM nstat_agent ORDER BY time DESC LIMIT 1');
  return agent?.['sessionsOverloaded'] === 0 && agent['sessions'] === OTHERS.length + 1;
}

const rowsOf = (name: string) => rows.filter(({ pod }) => pod === name);

for (const [pod, direction] of [
  ['a', 'sent'],
  ['b', 'received'],
  ['c', 'sent'],
  ['d', 'received'],
] as const) {
  test(`what pod ${pod} has ${direction} is attributed all the while`, (t) => {
    const own = rowsOf(pod);
    const [kernel, attributed] = [
      sum(own, `${direction}Bytes`),
      sum(own, `${direction}Attributed`),
    ];
    t.diagnostic(`${pod}: attributed ${attributed} of ${kernel} bytes`);
    assert.ok(kernel > RATE * 10);
    assert.ok(attributed <= 1.005 * kernel && attributed >= (1 - STARVED) * kernel);
    assert.equal(sum(own, 'overloaded', 'missingOverload'), 0);
  });
}

test('the totals of the overloaded pod are those of its interface, to the byte', (t) => {
  t.diagnostic(`attributed ${sum(rowsOf('storm'), 'sentAttributed')} of ${sentInStorm} bytes`);
  assert.equal(sum(rowsOf('storm'), 'sentBytes'), sentInStorm);
});

test('the reason for what is missing is the overload, and in every row the reasons add up', (t) => {
  const missing = MISSING.map((reason) => [reason, sum(rowsOf('storm'), reason)] as const);
  t.diagnostic(missing.map(([reason, bytes]) => `${reason} ${bytes}`).join(', '));
  const overload = sum(rowsOf('storm'), 'missingOverload');
  assert.ok(overload > 0.05 * sentInStorm);
  // An iftop that gets no CPU at all does not answer, and is not captured until it is started again.
  assert.ok(overload > sum(rowsOf('storm'), ...MISSING) / 2);
  assertReasons(rows);
});

test('the state is in the rows and, once for each overload, in the log', () => {
  assert.ok(rowsOf('storm').some((row) => row['overloaded'] === 1));
  const { length } = daemon.said('iftop is at its limits');
  assert.ok(length >= 1 && length <= overloads, `${length} lines, ${overloads} overloads`);
});

test('after the storm the pod is captured again, and what it sends is attributed', () => {
  const last = rowsOf('storm').slice(-3, -1);
  assert.equal(sum(last, 'overloaded'), 0);
  const [kernel, attributed] = [sum(last, 'sentBytes'), sum(last, 'sentAttributed')];
  assert.ok(kernel > 0 && Math.abs(attributed - kernel) < STARVED * kernel);
});
