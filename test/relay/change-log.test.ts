import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { ChangeLog } from '../../lib/relay/change-log.ts';
import type { Piece } from '../../lib/relay/piece.ts';

const bytes = (text: string) => Buffer.from(`${text}\n`);
const linesOf = ({ plain }: Piece) => plain.toString().split('\n').slice(0, -1);

/** All that a reader gets who knows everything up to a version; undefined if it has to list again. */
function readAll(log: ChangeLog, known: number): string[] | undefined {
  let position = log.after(known);
  if (position === undefined) return undefined;
  const got: string[] = [];
  while (position < log.end) {
    const read = log.read(position, known);
    assert.ok(read && read.next > position);
    got.push(...linesOf(read.piece));
    position = read.next;
  }
  return got;
}

test('a reader gets the changes after what it knows, in their order', () => {
  const log = new ChangeLog(1000);
  log.reset(10);
  for (const version of [11, 13, 17]) log.append(version, bytes(`${version}`));
  assert.deepEqual(readAll(log, 10), ['11', '13', '17']);
  assert.deepEqual(readAll(log, 12), ['13', '17']);
  assert.deepEqual(readAll(log, 17), []);
  assert.deepEqual(readAll(log, 99), []);
  assert.equal(readAll(log, 9), undefined);
});

test('one who knows more than the log is not told again what it knows', () => {
  const log = new ChangeLog(1000);
  log.reset(10);
  const position = log.after(15);
  log.append(12, bytes('12'));
  log.append(16, bytes('16'));
  assert.equal(log.read(position ?? NaN, 15)?.piece.plain.toString(), '16\n');
});

test('before the first list nothing is known, and after a new one no position is good', () => {
  const log = new ChangeLog(1000);
  assert.equal(log.after(5), undefined);
  log.reset(10);
  log.append(11, bytes('11'));
  const position = log.after(10) ?? NaN;
  log.reset(5);
  assert.equal(log.read(position), undefined);
  assert.equal(log.after(4), undefined);
  assert.deepEqual(readAll(log, 5), []);
});

test('whatever is appended: a reader gets all after what it knows, or has to list again; the log stays bounded', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 60 });
  fc.assert(
    fc.property(sizes, fc.nat(70), (all, known) => {
      const log = new ChangeLog(200);
      log.reset(0);
      const texts = all.map((size, at) => `${at + 1}`.padEnd(size, '.'));
      texts.forEach((text, at) => log.append(at + 1, bytes(text)));
      assert.ok(log.bytes <= 200);
      const got = readAll(log, known);
      if (got) assert.deepEqual(got, texts.slice(known));
      else assert.ok(known < log.floor);
      assert.deepEqual(
        readAll(log, Math.max(log.floor, known)),
        texts.slice(Math.max(log.floor, known)),
      );
    }),
  );
});

test('a reader whose position is forgotten is told so', () => {
  const log = new ChangeLog(100);
  log.reset(0);
  const position = log.after(0) ?? NaN;
  for (let version = 1; version <= 20; version += 1) log.append(version, Buffer.alloc(10));
  assert.equal(log.read(position), undefined);
});
