import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Row, until } from '../lab/influx.ts';
import { createLab, type Daemon, type Lab, type Pod } from '../lab/lab.ts';
import { cpuSecondsOfAll } from '../lab/processes.ts';
import { assertReasons, sum } from '../lab/rows.ts';
import { ip, kill } from '../lab/shell.ts';

const BUDGET = 0.05;
const COSTLY = ['storm-a', 'storm-b', 'storm-c'];
const QUIET = ['quiet', 'server'];
const FLOWS = 3000;
const PACKETS = 1500;
/** What the start costs and what has to be measured first is over by then. */
const SETTLED = 30_000;
const LOADED = 40_000;

let lab: Lab;
let daemon: Daemon;
let share: number;
let loaded: number;
let rows: Row[];
let agent: Row[];
const sent: { [pod: string]: number } = {};

before(async () => {
  lab = await createLab();
  // What the storms send there goes nowhere, without an answer.
  ip(['route replace blackhole 198.18.0.0/15']);
  daemon = lab.daemon({ INTERVAL: '5s', CPU_BUDGET: `${BUDGET}` });
  const started = Date.now();
  const { pid = 0 } = daemon.process;
  await until(() => daemon.said('"started"').length > 0, 'the daemon');
  const pods: { [name: string]: Pod } = {};
  for (const [index, name] of [...QUIET, ...COSTLY].entries())
    pods[name] = await lab.pod({ namespace: 'lab', name, ips: [`10.244.0.${10 + index}`] });
  await pods['server']?.serve(8080);
  const all = QUIET.length + COSTLY.length;
  await lab.captures(all);
  pods['quiet']?.traffic('send', '10.244.0.11', 8080, 20_000);
  const storms = COSTLY.map((name) => pods[name]?.traffic('sweep', PACKETS, FLOWS));
  await sleep(started + SETTLED - Date.now());
  const [from, cpu] = [Date.now(), cpuSecondsOfAll(pid)];
  const shareNow = () => ((cpuSecondsOfAll(pid) - cpu) * 1000) / (Date.now() - from);
  await sleep(LOADED);
  loaded = shareNow();
  for (const storm of storms) if (storm) await kill(storm, 'SIGKILL');
  await until(isCalm, 'all captures to run again', 240);
  share = shareNow();
  for (const [name, { sandbox }] of Object.entries(pods)) sent[name] = sandbox.passed().sent;
  await kill(daemon.process, 'SIGTERM');
  rows = await lab.influx.query('SELECT * FROM nstat_pod');
  agent = await lab.influx.query('SELECT * FROM nstat_agent');
});

after(() => lab.end());

async function isCalm(): Promise<boolean> {
  const [last] = await lab.influx.query('SELECT * FROM nstat_agent ORDER BY time DESC LIMIT 1');
  return last?.['sessionsPaused'] === 0 && last['sessions'] === QUIET.length + COSTLY.length;
}

const rowsOf = (name: string) => rows.filter(({ pod }) => pod === name);

test('daemon and captures stay within the budget, under load and after it', (t) => {
  t.diagnostic(`under load ${loaded.toFixed(4)}, in all ${share.toFixed(4)} of a core`);
  assert.ok(loaded < 0.06, `${loaded}`);
  assert.ok(share < 0.06, `${share}`);
});

for (const name of COSTLY) {
  test(`the totals of ${name} are those of its interface, to the byte, and say that it was paused`, (t) => {
    const all = rowsOf(name);
    t.diagnostic(`attributed ${sum(all, 'sentAttributed')} of ${sent[name]} bytes`);
    assert.equal(sum(all, 'sentBytes'), sent[name]);
    assert.ok(sum(all, 'paused') > 0);
    assert.ok(sum(all, 'missingPaused') > 0);
  });
}

test('the reasons for what is missing add up in every row', () => {
  assertReasons(rows);
  assert.equal(sum(agent, 'missingPaused'), sum(rows, 'missingPaused'));
});

test('the captures of quiet pods run all the while', () => {
  for (const name of QUIET) assert.equal(sum(rowsOf(name), 'paused'), 0, name);
});

test('the log says once for each pod that it is paused, and the agent’s row how many are', () => {
  const said = daemon.said('paused for CPU_BUDGET: what passes');
  const pods = said.map((line) => (JSON.parse(line) as { pod?: string }).pod);
  assert.equal(pods.length, COSTLY.length);
  assert.deepEqual(new Set(pods), new Set(COSTLY));
  assert.ok(agent.some(({ sessionsPaused }) => Number(sessionsPaused) > 0));
});
