import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, beforeEach, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser } from 'puppeteer-core';
import { startBrowser } from '../browser.ts';
import { Cluster, pod, Way } from './cluster.ts';
import { Tab } from './tab.ts';

const [WEB, DB, CACHE] = [pod('shop', 'web'), pod('data', 'db', 2), pod('data', 'cache', 3)];
const outside = (name: string, kind = 'external') => ({ kind, name });
const M = 1e6;
const FLOWS = [
  { from: WEB, to: DB, send: 1 * M, receive: 8 * M },
  { from: WEB, to: CACHE, send: 2 * M, receive: 4 * M },
  { from: WEB, to: outside('192.0.2.0/24'), send: 30 * M, receive: 0.5 * M },
  { from: CACHE, to: outside('node-1', 'node'), send: 0.1 * M, receive: 0.1 * M },
];
/** What a browser says of a connection that a test breaks. */
const BROKEN = /^console: Failed to load resource/;
const NOTHING = /^$/;

let browser: Browser;
let cluster: Cluster;
let address: string;

before(async () => {
  execFileSync('npm', ['run', '-s', 'page'], { stdio: 'pipe' });
  browser = await startBrowser();
  cluster = new Cluster(FLOWS);
  address = await cluster.serve();
});

after(async () => {
  cluster.end();
  await browser.close();
});

beforeEach(() => {});

/** A tab that has rows. It ends with the test, which fails if the tab did what it must not do. */
async function open(
  t: TestContext,
  at = address,
  { width = 1440, expected = NOTHING } = {},
): Promise<Tab> {
  const tab = await Tab.open(browser, at, { width, height: 900 });
  t.after(() => tab.close(expected));
  return tab.ready();
}

/** Both rates of the first row: either end of a flow may be the one that is shown. */
const firstRates = async (tab: Tab) =>
  `${await tab.text('td.sendRate')}, ${await tab.text('td.receiveRate')}`;
const columnOf = async (tab: Tab, column: string) => tab.texts(`td.${column}`);

test('it shows who sends to whom, the rates, and how the nodes are', async (t) => {
  const tab = await open(t);
  await tab.until(async () => (await tab.text('#nodes')) === '3 of 3 nodes', 'all nodes');
  await tab.until(async () => (await tab.texts('tbody tr')).length === 4, 'a row for each flow');
  assert.deepEqual((await tab.texts('#graph .name')).sort(), [
    '192.0.2.0/24',
    'cache',
    'db',
    'node-1',
    'web',
  ]);
  assert.equal((await tab.texts('.edge')).length, 8);
  const [first] = await tab.texts('tbody tr');
  assert.match(first ?? '', /shop\/web-0external 192\.0\.2\.0\/24(29|30|31)\.\d Mbit\/s/);
  assert.match(await tab.text('#once'), /^4\d\.\d Mbit\/s$/);
  assert.notEqual(await tab.attribute('#chart .line.sent', 'd'), '');
});

test('it shows what changes', async (t) => {
  const tab = await open(t);
  cluster.flows = FLOWS.map((flow) => (flow.to === DB ? { ...flow, send: 500 * M } : flow));
  await tab.until(async () => /5\d\d Mbit/.test(await firstRates(tab)), 'more is sent');
  cluster.flows = FLOWS;
  await tab.until(async () => /(29|30|31)\.\d Mbit/.test(await firstRates(tab)), 'less is sent');
});

test('a click on the head of a column sorts by it, another one turns the order', async (t) => {
  const tab = await open(t);
  await tab.until(async () => (await tab.texts('tbody tr')).length === 4, 'all flows');
  await tab.page.click('th.peer button');
  await tab.until(
    async () => (await tab.attribute('th.peer', 'aria-sort')) === 'ascending',
    'sorted',
  );
  const up = await columnOf(tab, 'peer');
  await tab.page.click('th.peer button');
  await tab.until(
    async () => (await tab.attribute('th.peer', 'aria-sort')) === 'descending',
    'turned',
  );
  assert.deepEqual(await columnOf(tab, 'peer'), up.toReversed());
  await tab.page.click('th.receiveRate button');
  await tab.until(
    async () => ((await columnOf(tab, 'pod'))[0] ?? '').includes('cache-0'),
    'what receives most first',
  );
});

test('a filter leaves what matches in table and graph, by keys alone', async (t) => {
  const tab = await open(t);
  await tab.page.keyboard.press('/');
  await tab.page.keyboard.type('external');
  await tab.until(async () => (await tab.texts('tbody tr')).length === 1, 'one row');
  await tab.until(async () => (await tab.texts('#graph .node')).length === 2, 'two nodes');
  await tab.page.keyboard.type(' nothing');
  await tab.until(
    async () => (await tab.text('#table-empty')).includes('Nothing matches'),
    'no rows',
  );
  await tab.page.keyboard.press('Escape');
  await tab.until(async () => (await tab.texts('tbody tr')).length === 4, 'all rows');
});

test('the line is that of a node that is clicked, and its rows are the table', async (t) => {
  const tab = await open(t);
  await tab.until(async () => (await tab.texts('#graph .node')).length === 5, 'all nodes');
  const all = await tab.attribute('#chart .line.sent', 'd');
  await tab.page.click('[aria-label^="data/cache,"] .shape');
  await tab.until(async () => (await tab.text('#chosen')) === 'data/cache', 'chosen');
  assert.equal(await tab.attribute('[aria-label^="data/cache,"]', 'aria-selected'), 'true');
  assert.notEqual(await tab.attribute('#chart .line.sent', 'd'), all);
  assert.match(await tab.text('#chosen-sent'), /^4\.[01]\d? Mbit\/s$/);
  assert.equal((await tab.texts('tbody tr')).length, 2);
  assert.equal((await tab.texts('.edge.lit')).length, 4);
  await tab.page.click('#clear');
  await tab.until(async () => (await tab.text('#chosen')) === 'All traffic', 'all');
  await tab.page.click('[aria-label^="192.0.2.0/24,"] .shape');
  await tab.until(async () => (await tab.text('#sent-name')) === 'sent to it', 'chosen');
  assert.match(await tab.text('#chosen-sent'), /^(29|30|31)\.\d Mbit\/s$/);
});

test('nodes and rows are reached and chosen by keys', async (t) => {
  const tab = await open(t);
  await tab.until(async () => (await tab.texts('#graph .node')).length === 5, 'all nodes');
  await tab.page.evaluate('document.querySelector("#graph").focus()');
  await tab.page.keyboard.press('Home');
  await tab.page.keyboard.press('Enter');
  await tab.until(async () => (await tab.text('#chosen')) === 'shop/web', 'the largest node');
  await tab.page.keyboard.press('Escape');
  await tab.page.focus('#table');
  await tab.page.keyboard.press('ArrowDown');
  await tab.page.keyboard.press('ArrowDown');
  await tab.page.keyboard.press('Enter');
  await tab.until(async () => (await tab.text('#chosen')).includes(' → '), 'a flow');
  assert.equal((await tab.texts('tr[aria-selected=true]')).length, 1);
  assert.equal((await tab.texts('.edge.lit')).length, 2);
  // Each stop of the tab key can be seen.
  await tab.page.keyboard.press('Escape');
  const stops = new Set<unknown>();
  await tab.page.evaluate('document.activeElement.blur()');
  for (let press = 0; press < 30; press += 1) {
    await tab.page.keyboard.press('Tab');
    const [id, outline] = (await tab.page.evaluate(
      `(({ id, name, nextElementSibling: next } = document.activeElement) => [id || name, getComputedStyle(name && next || document.activeElement).outlineStyle])()`,
    )) as [string, string];
    stops.add(id);
    const isPage = (await tab.page.evaluate('document.activeElement === document.body')) === true;
    assert.ok(isPage || id === 'filter' || outline === 'solid', `${id}: ${outline}`);
  }
  for (const id of ['nodes', 'filter', 'freeze', 'theme', 'help', 'by', 'graph', 'group', 'table'])
    assert.ok(stops.has(id), `${id} of ${[...stops].join(' ')}`);
  await tab.page.keyboard.press('?');
  await tab.until(
    async () => (await tab.attribute('#shortcuts', 'open')) === '',
    'the keys are listed',
  );
});

test('the table has pods, workloads, namespaces or peers, and so has the graph', async (t) => {
  const tab = await open(t);
  await tab.until(async () => (await tab.texts('#graph .node')).length === 5, 'all nodes');
  for (const [group, rows] of [
    ['pod', 3],
    ['workload', 3],
    ['namespace', 2],
    ['peer', 5],
  ] as const) {
    await tab.page.click(`input[name=group][value=${group}]`);
    await tab.until(
      async () => (await tab.texts('tbody tr')).length === rows,
      `${rows} of ${group}`,
    );
  }
  await tab.page.click('input[name=by][value=namespace]');
  await tab.until(
    async () =>
      (await tab.texts('#graph .name')).sort().join(' ') === '192.0.2.0/24 data node-1 shop',
    'namespaces',
  );
});

test('nodes stay where they are while it goes on, and the smallest are folded', async (t) => {
  const tab = await open(t);
  const many = Array.from({ length: 80 }, (_, index) => {
    return {
      from: pod('shop', `app-${index}`, 1 + (index % 3)),
      to: WEB,
      send: (index + 1) * M,
      receive: M,
    };
  });
  cluster.flows = [...FLOWS, ...many];
  await tab.until(
    async () => (await tab.texts('.kind-folded .name')).some((name) => name.endsWith(' others')),
    'others',
  );
  await tab.until(async () => (await tab.texts('tbody tr')).length >= 84, 'all rows');
  assert.ok((await tab.texts('#graph .node')).length <= 50);
  const places = async () => {
    const ids = await tab.attributes('#graph .node', 'id');
    const transforms = await tab.attributes('#graph .node', 'transform');
    return new Map(ids.map((id, index) => [id, transforms[index]]));
  };
  // Which ones are the smallest changes as long as the means of ten seconds grow.
  let drawn = '';
  await tab.until(async () => {
    const [last, now] = [drawn, (await tab.attributes('#graph .node', 'id')).join(' ')];
    drawn = now;
    await sleep(1500);
    return last === now;
  }, 'the same nodes');
  const rates = () => tab.text('#once');
  const [placesBefore, ratesBefore] = [await places(), await rates()];
  cluster.flows = [...FLOWS, ...many.map((flow) => ({ ...flow, send: flow.send * 1.1 }))];
  await tab.until(async () => (await rates()) !== ratesBefore, 'other rates');
  // One or the other may be folded now.
  const common = [...(await places())].filter(([id]) => placesBefore.has(id));
  assert.ok(common.length > 25);
  for (const [id, place] of common) assert.equal(place, placesBefore.get(id), id);
});

test('a node that is lost is named with the reason, until it is back', async (t) => {
  const tab = await open(t);
  await tab.until(async () => (await tab.text('#nodes')) === '3 of 3 nodes', 'all nodes');
  cluster.stopAgent('node-2');
  await tab.until(async () => (await tab.text('#nodes')) === '2 of 3 nodes', 'one is lost');
  await tab.until(
    async () => /node-2.*pod nstats-node-2 is not there/.test(await tab.text('#agents .lost')),
    'the reason',
  );
  cluster.startAgent('node-2');
  await tab.until(async () => (await tab.text('#nodes')) === '3 of 3 nodes', 'all are back');
});

test('it says when the connection is lost, and comes back by itself', async (t) => {
  const way = new Way(Number(new URL(address).port));
  t.after(() => way.end());
  const other = new URL(address);
  other.port = String(await way.listen());
  const tab = await open(t, other.href, { expected: BROKEN });
  way.cut();
  await tab.until(async () => (await tab.text('#notice')).includes('No connection'), 'it says so');
  way.mend();
  await tab.until(async () => (await tab.text('#notice')) === '', 'it is back');
});

test('after another start on the same port it asks for the new address, and goes on with it', async (t) => {
  const first = new AbortController();
  const old = new URL(await cluster.serve(first.signal));
  const tab = await open(t, old.href, { expected: BROKEN });
  first.abort();
  await tab.until(async () => (await tab.text('#notice')).includes('No connection'), 'it is lost');
  const next = new URL(await cluster.serve(undefined, Number(old.port)));
  await tab.until(async () => (await tab.text('#notice')).includes('not valid'), 'it is refused');
  await tab.page.evaluate(`location.hash = ${JSON.stringify(next.hash)}`);
  await tab.until(async () => (await tab.text('#notice')) === '', 'it goes on');
});

test('names are shown as text, whatever they are', async (t) => {
  const names = [
    '<img src=x onerror=alert(1)>',
    '"><script>alert(2)</script>',
    '\u001b[31mred\u0007',
    '\u202egnp.exe',
    "'; DROP TABLE",
    'constructor',
    '__proto__',
  ];
  const tab = await open(t);
  cluster.flows = [
    ...FLOWS,
    ...names.flatMap((name, index) => [
      { from: pod(name, name, 1, name), to: outside(name), send: (50 + index) * M, receive: M },
      { from: pod('shop', 'odd', 2), to: pod(name, name, 1, name), send: M, receive: M },
    ]),
  ];
  const shown = async () => (await tab.texts('tbody tr')).join('\n');
  const [image, script, , , ...others] = names;
  // Pods are heard of one after the other.
  const expected = [image, script, 'red', 'gnp.exe', ...others];
  await tab.until(async () => {
    const now = await shown();
    return expected.every((name) => now.includes(name ?? ''));
  }, 'the names');
  const text = await shown();
  for (const sign of ['\u001b', '\u0007', '\u202e']) assert.ok(!text.includes(sign));
  await tab.page.click('tbody tr');
  await tab.until(async () => (await tab.text('#chosen')).includes(' → '), 'one is chosen');
  for (const by of ['namespace', 'pod']) await tab.page.click(`input[name=by][value=${by}]`);
  assert.deepEqual(await tab.texts('main img, main script'), []);
});

test('it is light or dark as the system is, or as is chosen', async (t) => {
  const tab = await open(t);
  const ground = () =>
    tab.page.evaluate('getComputedStyle(document.documentElement).backgroundColor');
  const scheme = (value: string) =>
    tab.page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value }]);
  await scheme('light');
  const light = await ground();
  await scheme('dark');
  const dark = await ground();
  assert.notEqual(dark, light);
  await tab.page.keyboard.press('t');
  assert.equal(await ground(), light);
  await tab.page.keyboard.press('t');
  await scheme('light');
  assert.equal(await ground(), dark);
  await tab.page.keyboard.press('t');
  assert.equal(await ground(), light);
});

test('what is frozen stays as it is', async (t) => {
  const tab = await open(t);
  await tab.page.keyboard.press('f');
  await tab.until(async () => (await tab.text('#freeze')).startsWith('Frozen at '), 'frozen');
  const before = await tab.text('#once');
  cluster.flows = FLOWS.map((flow) => ({ ...flow, send: 3 * flow.send }));
  const other = await open(t);
  await other.until(async () => (await other.text('#once')).startsWith('1'), 'more in another tab');
  await tab.page.bringToFront();
  assert.equal(await tab.text('#once'), before);
  await tab.page.keyboard.press('f');
  await tab.until(async () => (await tab.text('#once')).startsWith('1'), 'it goes on');
});

test('nothing is cut off in a narrow window', async (t) => {
  for (const width of [800, 420]) {
    const tab = await open(t, address, { width });
    const overflow = await tab.page.evaluate('document.documentElement.scrollWidth - innerWidth');
    assert.ok(Number(overflow) <= 0, `${width}: ${String(overflow)} pixels too wide`);
  }
});
