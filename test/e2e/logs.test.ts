import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { until } from '../lab/influx.ts';
import { countCaptures, createLab, type Daemon, type Lab, SOURCE } from '../lab/lab.ts';

interface Line {
  readonly level: string;
  readonly time: string;
  readonly msg: string;
  readonly namespace?: string;
  readonly pod?: string;
  readonly resource?: string;
  readonly pods?: number;
  readonly bytes?: number;
  readonly lines?: readonly string[];
}

let lab: Lab;
let daemon: Daemon;
/** How many lines there were when all was well, and two windows later. */
let calm: readonly [number, number];
let lines: readonly Line[];

const parse = (line: string): Line => JSON.parse(line) as Line;
const has = (text: string) => () => daemon.said(text).length > 0;
const windows = () => daemon.said('"window closed"').length;

/** Two quiet windows, then a pod that is made again, an API server and an InfluxDB that go away. */
before(async () => {
  lab = await createLab();
  const db = { namespace: 'shop', name: 'db', ips: ['10.244.0.11'] };
  const web = await lab.pod({ namespace: 'shop', name: 'web', ips: ['10.244.0.10'] });
  const first = await lab.pod(db);
  web.traffic('spray', 9, 20_000, '10.244.0.11');
  daemon = lab.daemon({ INTERVAL: '5s', LOG_LEVEL: 'debug' });
  await until(() => windows() > 0 && countCaptures() === 2, 'a window');
  const start = daemon.log.length;
  const past = windows();
  await until(() => windows() > past + 1, 'two windows');
  calm = [start, daemon.log.length];

  await lab.api.down();
  await lab.influx.stop();
  await first.remove();
  await until(has('API server cannot be followed'), 'a broken watch');
  await until(has('InfluxDB does not take rows'), 'rows that are not taken');
  await lab.pod(db);
  await Promise.all([lab.api.up(), lab.influx.start()]);
  const back = Date.now() / 1000;
  const newest = async () => (await lab.influx.query('SELECT * FROM nstat_agent')).at(-1)?.time;
  await until(async () => Number(await newest()) > back, 'rows that are taken');
  daemon.process.kill('SIGTERM');
  await once(daemon.process, 'close');
  lines = daemon.log.map(parse);
});

after(() => lab.end());

test('every line is a JSON object with level, time and message', () => {
  for (const { level, time, msg } of lines) {
    assert.ok(['debug', 'info', 'warn'].includes(level), level);
    assert.equal(new Date(time).toISOString(), time);
    assert.ok(msg.length > 0);
  }
  assert.equal(lines.at(-1)?.msg, 'ended');
});

test('when all is well nothing is logged after the first window, except for debugging', () => {
  const said = daemon.log.slice(...calm).map(parse);
  // The startup report is made once, and may fall into these windows.
  const messages = said
    .filter(({ level, msg }) => level !== 'debug' && !msg.startsWith('startup report'))
    .map(({ msg }) => msg);
  assert.deepEqual(messages, []);
  const closed = lines.filter(({ msg }) => msg === 'window closed');
  assert.deepEqual(
    closed.slice(0, 3).map(({ level }) => level),
    ['info', 'debug', 'debug'],
  );
  assert.ok(Number(closed[0]?.pods) === 2 && Number(closed[0]?.bytes) > 0);
});

test('a problem is logged once', () => {
  const warnings = lines.filter(({ level }) => level === 'warn');
  const which = warnings.map(({ msg, resource }) => `${msg}: ${resource}`);
  assert.ok(which.length >= 2);
  assert.deepEqual(which, [...new Set(which)]);
});

test('a line about a pod has its name and namespace', () => {
  const about = lines.filter((line) => line.pod ?? /capture|frame/.test(line.msg));
  assert.ok(about.length > 0);
  const names = new Set(about.map(({ namespace, pod }) => `${namespace}/${pod}`));
  // A pod that is captured before the API server has reported it is the UID of its cgroup.
  for (const name of names) if (/^-\/[-\da-f]{36}$/.test(name)) names.delete(name);
  assert.deepEqual([...names].toSorted(), ['shop/db', 'shop/web']);
});

if (SOURCE === 'iftop')
  test('debugging shows what iftop printed', () => {
    const frames = lines.filter(({ msg, pod }) => msg === 'frame' && pod === 'web');
    assert.ok(frames.some((frame) => frame.lines?.some((line) => line.includes('10.244.0.11'))));
  });
