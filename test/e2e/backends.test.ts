import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { deliver } from '../../lib/influx/delivery.ts';
import { encodeTraffic } from '../../lib/influx/line-protocol.ts';
import { type Target, WriteError, writer } from '../../lib/influx/writer.ts';
import type { Edge } from '../../lib/model.ts';
import { traffic } from '../daemon/agent.ts';
import { type Influx, startInflux, startVictoria, until, type Victoria } from '../lab/influx.ts';
import { ip, Processes } from '../lab/shell.ts';

const NASTY = ['plain', 'a b', 'a,b', 'a=b', '"a"', 'a\\b', 'a\\,b', 'b\\', 'Grüße, 世界', "it's"];
const END = Math.floor(Date.now() / 10_000) * 10_000;
const nobody = { username: undefined, password: undefined, retentionPolicy: undefined };

const processes = new Processes();
const directory = mkdtempSync(join(tmpdir(), 'nstats-backends-'));
let influx: Influx;
let victoria: Victoria;

before(async () => {
  ip(['link set lo up']);
  influx = await startInflux(directory, processes, { port: 18_086 });
  victoria = await startVictoria(directory, processes, 18_428);
});

after(() => processes.end());

const edges = NASTY.map((name, index): Edge => {
  const peer = {
    kind: 'external',
    namespace: '-',
    name,
    workload: '-',
    zone: '-',
    scope: 'internet',
  } as const;
  return { peer, sent: 1000 + index, received: 2000 + index };
});
const lines = encodeTraffic(
  { ...traffic('shop', edges), end: END },
  { cluster: '-', node: 'n', zone: 'z', interval: 10_000, podLabels: [] },
);
const expected = NASTY.map(
  (name, index) => `${name.replaceAll('\\', '/')} ${1000 + index}`,
).toSorted();

describe('the same rows', () => {
  test('arrive in influxd 1.6.7 through /write', async () => {
    const { url, database } = influx;
    await writer({ url, api: 1, database, ...nobody })(lines.join('\n'));
    const rows = await influx.query('SELECT peer, sentBytes, time FROM nstat');
    assert.deepEqual(
      rows.map(({ peer, sentBytes }) => `${peer} ${sentBytes}`).toSorted(),
      expected,
    );
    assert.ok(rows.every(({ time }) => time === END / 1000));
    const [pod] = await influx.query('SELECT * FROM nstat_pod');
    assert.equal(pod?.['sentPackets'], 1);
  });

  for (const api of [1, 2] as const) {
    test(`arrive in VictoriaMetrics through ${api === 1 ? '/write' : '/api/v2/write'}`, async () => {
      const { url } = victoria;
      const target: Target =
        api === 1
          ? { url, api, database: 'db1', ...nobody }
          : { url, api, bucket: 'b', org: 'o', token: 't' };
      await writer(target)(lines.join('\n'));
      // It makes a tag of the database's name, and has none for a bucket.
      const selector = `nstat_sentBytes{db="${api === 1 ? 'db1' : ''}"}`;
      await until(async () => (await victoria.export(selector)).length > 0, 'the rows');
      const series = await victoria.export(selector);
      assert.deepEqual(
        series.map(({ metric, values }) => `${metric['peer']} ${values[0]}`).toSorted(),
        expected,
      );
      assert.ok(series.every(({ timestamps }) => timestamps[0] === END));
    });
  }
});

describe('a refusal', () => {
  test('by an unknown database is a 404, not a success', async () => {
    const { url } = influx;
    const write = writer({ url, api: 1, database: 'nobody-made-it', ...nobody });
    await assert.rejects(
      write(lines.join('\n')),
      (error) => error instanceof WriteError && error.status === 404,
    );
  });

  test('by 1.x of the 2.x path is a 404 as well', async () => {
    const { url } = influx;
    const write = writer({ url, api: 2, bucket: 'b', org: 'o', token: undefined });
    await assert.rejects(
      write(lines.join('\n')),
      (error) => error instanceof WriteError && error.status === 404,
    );
  });

  test('by nobody at all has no status', async () => {
    const write = writer({ url: 'http://127.0.0.1:9', api: 1, database: 'd', ...nobody });
    await assert.rejects(
      write(lines.join('\n')),
      (error) => error instanceof WriteError && error.status === undefined,
    );
  });

  test('by influxd of rows that are older than its retention policy counts them, and takes the others', async () => {
    const { url, database } = influx;
    const policy = `CREATE RETENTION POLICY short ON ${database} DURATION 1h REPLICATION 1`;
    await influx.query(policy);
    const write = writer({ url, api: 1, database, ...nobody, retentionPolicy: 'short' });
    const now = Math.floor(Date.now() / 1000);
    const rows = [now - 3 * 86_400, now - 2 * 86_400, now].map((time) => `late v=1i ${time}`);
    const { refused, refusal } = await deliver(write, rows.join('\n'));
    assert.equal(refused, 2);
    assert.match(refusal?.error ?? '', /beyond retention policy/);
    const [stored] = await influx.query('SELECT count(v) FROM short.late');
    assert.equal(stored?.['count'], 1);
  });
});
