import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { agent } from './agents.ts';
import { type SimulatedFlow, simulatedCluster, type SimulatedPod } from './simulated-agent.ts';
import { Terminal } from './tmux.ts';

const { flows: MANY } = simulatedCluster({ nodes: 1, pods: 8, peers: 3 });
const [WEB, API] = [pod('shop', 'web-1', 'Deployment/web'), pod('shop', 'api-1', 'Deployment/api')];
const DB = { ...pod('data', 'db-0', 'StatefulSet/db'), node: 'node-2' };

function pod(namespace: string, name: string, workload: string): SimulatedPod {
  return { namespace, pod: name, workload, node: 'node-1' };
}

/** What two pods send and receive, in bit/s. */
const FEW: readonly SimulatedFlow[] = [
  { from: WEB, to: API, send: 3e6, receive: 5e6 },
  { from: API, to: DB, send: 1e6, receive: 9e6 },
  { from: API, to: { kind: 'external', name: '198.51.100.0/24' }, send: 2e6, receive: 1e5 },
];

/** A terminal in which `nstats top` shows these flows. */
async function shown(
  t: TestContext,
  flows: () => readonly SimulatedFlow[],
  { columns = 80, options = '', environment = {} } = {},
): Promise<Terminal> {
  const socket = await agent(t, 'node-1', flows);
  const terminal = new Terminal(t, columns, 24, { TOP_SOCKET: socket, ...environment });
  terminal.node('daemon/main.ts', 'top', options);
  await terminal.shows(/^>\S+\//m);
  return terminal;
}

/** The names in the first column, from top to bottom. */
function names(terminal: Terminal): string[] {
  return terminal.lines().flatMap((line) => /^[ >]([\w-]+\/[\w/-]+)/.exec(line)?.[1] ?? []);
}

test('80 columns have pod, peer, its kind, and the rates of now', async (t) => {
  const terminal = await shown(t, () => FEW);
  const text = await terminal.shows(/9\.\d+ M$/m);
  assert.match(
    text,
    /^nstats \d\d:\d\d:\d\d {2}1 of 1 node {2}send \S+ M {2}recv \S+ M {2}once \S+ M$/m,
  );
  assert.match(text, /^ POD +PEER +KIND +SEND +RECV$/m);
  assert.match(text, /^[ >]shop\/api-1 +data\/db-0 +pod +\S+ \w +\S+ M$/m);
  assert.match(text, /^[ >]shop\/api-1 +198\.51\.100\.0\/24 +external +\d/m);
  assert.match(text, /^\? help .* q quit$/m);
});

test('160 columns have the means and a bar too, and a terminal that is resized gets what it has room for', async (t) => {
  const terminal = await shown(t, () => FEW, { columns: 160 });
  const wide = /^ POD +PEER +KIND +SEND +RECV +SEND 10s +RECV 10s +SEND 40s +RECV 40s RATE▼$/m;
  await terminal.shows(wide);
  await terminal.shows(/^>shop\/api-1 +data\/db-0 .* █+$/m);
  terminal.resize(80, 10);
  await terminal.shows(/^ POD +PEER +KIND +SEND +RECV$/m);
  terminal.resize(40, 5);
  await terminal.until('no line is wider', () =>
    terminal.lines().every((line) => line.length <= 40),
  );
  terminal.resize(160, 24);
  await terminal.shows(wide);
});

test('rows are filtered while words are typed', async (t) => {
  const terminal = await shown(t, () => FEW);
  await terminal.until('all rows', () => names(terminal).length === 3);
  terminal.press('/', 'd', 'b');
  await terminal.shows(/^filter: db_/m);
  assert.deepEqual(names(terminal), ['shop/api-1']);
  terminal.press('BSpace', 'x', 'y');
  await terminal.shows(/No row has all words of the filter/);
  terminal.press('Escape');
  await terminal.until('all rows again', () => names(terminal).length === 3);
  terminal.press('/');
  terminal.press('w', 'e', 'b', 'Enter');
  await terminal.shows(/\| filter: web$/m);
  assert.equal(names(terminal).length, 1);
  terminal.press('Escape');
  await terminal.until('no filter', () => names(terminal).length === 3);
});

test('rows are grouped', async (t) => {
  const terminal = await shown(t, () => FEW);
  for (const [key, heading, first] of [
    ['2', /^ POD +NODE/m, 'shop/api-1'],
    ['3', /^ WORKLOAD /m, 'shop/Deployment/api'],
    ['g', /^ NAMESPACE /m, undefined],
    ['5', /^ PEER +KIND/m, 'data/db-0'],
    ['g', /^ POD +PEER/m, 'shop/api-1'],
  ] as const) {
    terminal.press(key);
    await terminal.shows(heading);
    if (first) assert.ok(names(terminal).includes(first), terminal.text());
  }
});

test('rows are sorted by any column', async (t) => {
  const job = pod('cron', 'job-1', 'CronJob/job');
  const more = [...FEW, { from: job, to: DB, send: 1e3, receive: 1e3 }];
  const terminal = await shown(t, () => more);
  await terminal.until('all rows', () => names(terminal).length === 4);
  terminal.press('Right');
  await terminal.shows(/^ POD▲/m);
  assert.deepEqual(names(terminal), ['cron/job-1', 'shop/api-1', 'shop/api-1', 'shop/api-1']);
  terminal.press('r');
  await terminal.shows(/^ POD▼/m);
  assert.equal(names(terminal).at(-1), 'cron/job-1');
  terminal.press('>', '>');
  await terminal.shows(/▼SEND/);
  terminal.press('<');
  await terminal.shows(/^ POD +PEER▲/m);
});

test('what is frozen stays, can be sorted, and goes on', async (t) => {
  let flows = FEW;
  const terminal = await shown(t, () => flows);
  await terminal.until('all rows', () => names(terminal).length === 3);
  terminal.press('Space');
  const [, time] = /FROZEN at (\S+)/.exec(await terminal.shows(/FROZEN at/)) ?? [];
  const late = pod('shop', 'late-1', 'Deployment/late');
  flows = [...FEW, { from: late, to: API, send: 9e6, receive: 0 }];
  const looks = await agent(t, 'node-1', () => flows);
  const other = new Terminal(t, 80, 24, { TOP_SOCKET: looks });
  other.node('daemon/main.ts', 'top');
  await other.shows(/late-1/);
  terminal.press('Right');
  const frozen = await terminal.shows(/^ POD▲/m);
  assert.match(frozen, new RegExp(`FROZEN at ${time}`));
  assert.doesNotMatch(frozen, /late-1/);
  terminal.press('Space');
  assert.doesNotMatch(await terminal.shows(/late-1/), /FROZEN/);
});

test('a row that is chosen stays chosen when it moves', async (t) => {
  let flows = FEW;
  const terminal = await shown(t, () => flows, { options: '--group pod' });
  await terminal.until('all rows', () => names(terminal).length === 2);
  terminal.press('Down');
  await terminal.shows(/^>shop\/web-1/m);
  flows = [{ from: WEB, to: DB, send: 9e8, receive: 9e8 }];
  await terminal.until('it is the first', () => names(terminal)[0] === 'shop/web-1');
  assert.match(terminal.text(), /^>shop\/web-1/m);
});

test('a pod is followed through a restart', async (t) => {
  let api = API;
  const flows = (): SimulatedFlow[] => [
    { from: WEB, to: { kind: 'external', name: '198.51.100.0/24' }, send: 9e6, receive: 9e6 },
    { from: api, to: DB, send: 1e6, receive: 1e6 },
  ];
  const terminal = await shown(t, flows);
  await terminal.shows(/^ shop\/api-1/m);
  terminal.press('Down', 'f');
  await terminal.shows(/follows shop\/api-1$/m);
  assert.deepEqual(names(terminal), ['shop/api-1']);
  api = pod('shop', 'api-2', 'Deployment/api');
  await terminal.shows(/follows shop\/api-2, api-1 is gone$/m);
  assert.deepEqual(names(terminal), ['shop/api-2']);
  terminal.press('f');
  await terminal.until('all again', () => names(terminal).includes('shop/web-1'));
});

test('arrows and pages go through more rows than have room', async (t) => {
  const terminal = await shown(t, () => MANY);
  await terminal.shows(/1-20 of 24 rows/);
  terminal.press('NPage');
  await terminal.shows(/2-21 of 24 rows/);
  terminal.press('End');
  await terminal.shows(/5-24 of 24 rows/);
  assert.match(terminal.lines().at(-2) ?? '', /^>/);
  terminal.press('Home');
  await terminal.shows(/1-20 of 24 rows/);
  terminal.press('?');
  await terminal.shows(/Any key goes back/);
  terminal.press('x');
  await terminal.shows(/1-20 of 24 rows/);
});

/** Whether something on the screen has a colour; 39 and 49 are the colours that it has anyway. */
function hasColour(terminal: Terminal): boolean {
  return /\[(?:\d+;)*[349][0-8](?:;\d+)*m/.test(terminal.text('-e'));
}

test('there is colour, but not with NO_COLOR', async (t) => {
  const colourful = await shown(t, () => FEW, { columns: 160 });
  await colourful.shows(/█$/m);
  assert.equal(hasColour(colourful), true);
  const plain = await shown(t, () => FEW, { columns: 160, environment: { NO_COLOR: '1' } });
  await plain.shows(/█$/m);
  assert.equal(hasColour(plain), false);
});

test('a terminal without Unicode gets ASCII', async (t) => {
  const terminal = await shown(t, () => FEW, { columns: 160, environment: { LC_ALL: 'C' } });
  const text = await terminal.shows(/#$/m);
  assert.match(text, /^[\n -~]*$/);
});

test('a dumb terminal is printed to once', async (t) => {
  const socket = await agent(t, 'node-1', () => FEW);
  const terminal = new Terminal(t, 120, 24, { TOP_SOCKET: socket });
  terminal.type('TERM=dumb');
  terminal.node('daemon/main.ts', 'top; echo code $?');
  assert.match(await terminal.shows(/^code 0$/m), /^POD +PEER +KIND +SEND/m);
});
