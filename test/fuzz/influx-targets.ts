/** What is written, and what the disk gives back. */
import assert from 'node:assert/strict';
import {
  mkdirSync,
  mkdtempDisposableSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { encodeAgent, encodeTraffic } from '../../lib/influx/line-protocol.ts';
import { encodeRecord, payloadOf, scan } from '../../lib/influx/spool/record.ts';
import { Spool } from '../../lib/influx/spool/spool.ts';
import { decodeWindow, encodeWindow } from '../../lib/influx/spool/stored-window.ts';
import { WriteError } from '../../lib/influx/writer.ts';
import { parseLine } from '../influx/read-line-protocol.ts';
import { windowOf } from '../influx/windows.ts';
import type { Random } from '../lab/random.ts';
import type { Target } from './target.ts';

const TAGS: { readonly [measurement: string]: string } = {
  nstat:
    'cluster namespace pod workload node zone interface peer_kind peer_namespace peer peer_workload peer_zone scope port label_team',
  nstat_pod: 'cluster namespace pod workload node interface label_team',
  nstat_agent: 'cluster node namespace pod',
};
const ROWS = ['nstat,a=b c=1i 7\n', 'nstat_pod,a=b c=2i 8\nnstat,a=b c=3i 8\n', 'x\n'];
const RECORDS = ROWS.map((text, index) =>
  encodeRecord({
    end: 1000 * index,
    rows: text.split('\n').length - 1,
    payload: Buffer.from(text),
  }),
);
const NUMBERS = [0, 1, 0.5, -1, NaN, Infinity, 1e300, 2 ** 53, 123_456_789];

/** Its lock's, the last number that there is, and what no entry of a directory can be called. */
const RESERVED = /^(?:lock.*|9{15}\.rows|\.{0,2})$/s;

function fileName(text: string): string {
  return text.replaceAll(/[/\0]/g, '_').slice(0, 60);
}

/** An entry of a directory: a file, a directory, or a link to another file or to nothing. */
function put(path: string, elsewhere: string, random: Random): void {
  const kind = random.below(5);
  if (kind === 0) mkdirSync(path);
  else if (kind === 1) symlinkSync(elsewhere, path);
  else if (kind === 2) symlinkSync(`${path}-nowhere`, path);
  else writeFileSync(path, Buffer.concat([random.of(RECORDS), Buffer.from(path)]));
}

export const influxTargets: readonly Target[] = [
  {
    name: 'record',
    seeds: [Buffer.concat(RECORDS), ...RECORDS],
    check(input, random) {
      const { found, damaged } = scan(input);
      assert.ok(Number.isSafeInteger(damaged) && damaged >= 0);
      for (const { offset, length, end } of found) {
        assert.ok(Number.isFinite(end));
        // Its checksums cannot be hit by chance: what is found is what was written.
        assert.ok(ROWS.includes(payloadOf(input.subarray(offset, offset + length)).toString()));
      }
      // Whatever it holds and whatever is behind it, a record is found again.
      const batch = { end: random.below(1e6), rows: random.below(9), payload: input };
      const record = encodeRecord(batch);
      const [first] = scan(Buffer.concat([record, random.of(RECORDS)])).found;
      const { end, rows } = batch;
      assert.deepEqual(first, { offset: 0, length: record.length, end, rows });
      assert.ok(payloadOf(record).equals(input));
    },
  },
  {
    name: 'window',
    seeds: [encodeWindow(windowOf(20_000)), Buffer.from('{"version":2}')],
    check(input) {
      const payloads = [input, zstdCompressSync(input)];
      const records = payloads.map((payload) => encodeRecord({ end: 20_000, rows: 3, payload }));
      for (const record of [input, ...records]) {
        const window = decodeWindow(record);
        assert.ok('lost' in window ? window.lost > 0 : window.end === 20_000);
      }
    },
  },
  {
    name: 'spool',
    seeds: [
      Buffer.from('000000000001.rows\nlock-journal\n000000000002.rows\n1.rows\n.rows'),
      Buffer.from('999999999999.rows\n000000000000.rows\n000000000001.rows.bak'),
    ],
    async check(input, random) {
      using outside = mkdtempDisposableSync(join(tmpdir(), 'nstats-fuzz-'));
      const directory = join(outside.path, 'spool');
      const elsewhere = join(outside.path, 'elsewhere');
      mkdirSync(directory);
      writeFileSync(elsewhere, random.of(RECORDS));
      const before = readFileSync(elsewhere);
      const names = input.toString().split('\n').map(fileName);
      for (const name of new Set(names.filter((name) => !RESERVED.test(name))))
        put(join(directory, name), elsewhere, random);

      const RECORD = RECORDS[0] ?? Buffer.alloc(0);
      const first = await Spool.open(directory, 1 << 20);
      const records = first.records.length;
      await first.spool.append(RECORD);
      first.spool[Symbol.dispose]();
      const second = await Spool.open(directory, 1 << 20);
      second.spool[Symbol.dispose]();
      assert.equal(second.records.length, records + 1);
      assert.ok(readFileSync(elsewhere).equals(before));
    },
  },
  {
    name: 'encode',
    seeds: [Buffer.from('web\nshop\nDeployment/web\nworker-1\nzone-a\n10.0.0.0/24')],
    check(input, random) {
      const names = input.toString().split(random.of(['\n', '/', 'b']));
      const name = () => random.of(names);
      const number = () => random.of(NUMBERS);
      const bytes = () => ({ sent: number(), received: number() });
      const pod = {
        uid: '',
        cgroupUid: '',
        namespace: name(),
        name: name(),
        workload: name(),
        ips: [],
      };
      const peer = {
        kind: 'pod' as const,
        namespace: name(),
        name: name(),
        workload: name(),
        zone: name(),
        scope: 'zone' as const,
      };
      const kernel = { ...bytes(), sentPackets: number(), receivedPackets: number() };
      const missing = {
        uncaptured: number(),
        overload: number(),
        paused: number(),
        other: number(),
      };
      const traffic = {
        pod,
        iface: name(),
        end: 1e12,
        edges: [{ peer, ...bytes() }],
        attributed: bytes(),
        kernel,
        uncounted: bytes(),
        missing,
        overloaded: true,
        paused: true,
      };
      const context = {
        cluster: name(),
        node: name(),
        zone: name(),
        interval: 10_000,
        podLabels: [{ key: 'team', tag: 'label_team' }],
      };
      const rows = encodeTraffic(traffic, context);
      for (const row of [
        ...rows,
        encodeAgent(
          random.of([
            { cluster: name(), node: name(), sidecar: undefined },
            { cluster: name(), node: name(), sidecar: pod },
          ]),
          1e12,
          {
            a: { integer: number() },
            b: { float: number() },
          },
        ),
      ]) {
        assert.doesNotMatch(row, /[\n\r\0]/);
        const { measurement, tags, fields, time } = parseLine(row);
        assert.equal(tags.map(([tag]) => tag).join(' '), TAGS[measurement]);
        assert.ok(tags.every(([, value]) => value.length <= 320));
        for (const value of fields.values())
          assert.match(value, /^-?(?:\d{1,16}i|\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/);
        assert.equal(time, '1000000000');
      }
    },
  },
  {
    name: 'influxdb-error',
    seeds: [
      Buffer.from('partial write: max-series-per-database limit exceeded: (1000000) dropped=3'),
    ],
    check(input) {
      const { message, dropped = 1 } = new WriteError(new Error(input.toString()), ['max-series']);
      assert.ok(message.length <= 1000 && !message.includes('max-series'));
      assert.ok(dropped > 0);
    },
  },
];
