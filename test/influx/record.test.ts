import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { type Batch, encodeRecord, payloadOf, scan } from '../../lib/influx/spool/record.ts';

const rows = fc.array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }), {
  minLength: 1,
  maxLength: 5,
});
const batch = fc.record({ rows, end: fc.integer({ min: 0, max: 2 ** 45 }) }).map(made);
const batches = fc.array(batch, { minLength: 1, maxLength: 6 });

function made({ rows, end }: { rows: readonly string[]; end: number }): Batch {
  const lines = rows.map((row) => row.replaceAll(/\p{Cc}/gu, '_'));
  return {
    end,
    rows: lines.length,
    payload: Buffer.from(lines.map((line) => `${line}\n`).join('')),
  };
}

/** What a segment gives back. */
function readBack(segment: Buffer): { intact: Batch[]; damaged: number } {
  const { found, damaged } = scan(segment);
  const intact = found.map(({ offset, length, end, rows }) => ({
    end,
    rows,
    payload: payloadOf(segment.subarray(offset, offset + length)),
  }));
  return { intact, damaged };
}

const total = (list: readonly Batch[]) => list.reduce((sum, { rows }) => sum + rows, 0);

test('records come back as they were written, in order', () => {
  fc.assert(
    fc.property(batches, (list) => {
      const { intact, damaged } = readBack(Buffer.concat(list.map(encodeRecord)));
      assert.deepEqual(intact, list);
      assert.equal(damaged, 0);
    }),
  );
});

test('cut off at any byte, all whole records come back and nothing of the torn one', () => {
  fc.assert(
    fc.property(batches, (list) => {
      const records = list.map(encodeRecord);
      const segment = Buffer.concat(records);
      for (let cut = 0; cut <= segment.length; cut += 1) {
        let whole = 0;
        let end = 0;
        for (const record of records) {
          end += record.length;
          if (end <= cut) whole += 1;
        }
        assert.deepEqual(readBack(segment.subarray(0, cut)).intact, list.slice(0, whole));
      }
    }),
    { numRuns: 30 },
  );
});

test('with any bit flipped, its record alone is missing, and its rows are counted', () => {
  fc.assert(
    fc.property(batches, fc.nat(), (list, at) => {
      const records = list.map(encodeRecord);
      const segment = Buffer.concat(records);
      const bit = at % (segment.length * 8);
      const byte = bit >> 3;
      segment.writeUInt8(segment.readUInt8(byte) ^ (1 << (bit & 7)), byte);
      let [start, hit] = [0, 0];
      while (start + (records[hit]?.length ?? 0) <= byte) start += records[hit++]?.length ?? 0;
      const { intact, damaged } = readBack(segment);
      assert.deepEqual(intact, list.toSpliced(hit, 1));
      // Where the header cannot be read its rows are estimated by bytes that look like line feeds.
      if (byte >= start + 28) assert.equal(damaged, list[hit]?.rows);
      else assert.ok(damaged >= (list[hit]?.rows ?? 0));
    }),
    { numRuns: 2000 },
  );
});

test('of bytes that were never written, or overwritten, no row is made', () => {
  const noise = fc.uint8Array({ minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(batches, noise, fc.nat(), (list, bytes, at) => {
      const segment = Buffer.concat(list.map(encodeRecord));
      segment.set(
        bytes.subarray(0, segment.length),
        at % Math.max(1, segment.length - bytes.length),
      );
      const { intact } = readBack(segment);
      const known = new Set(list.map((each) => JSON.stringify(each)));
      for (const each of intact) assert.ok(known.has(JSON.stringify(each)));
      assert.ok(total(intact) <= total(list));
    }),
  );
  fc.assert(
    fc.property(noise, (bytes) => assert.deepEqual(readBack(Buffer.from(bytes)).intact, [])),
  );
});
