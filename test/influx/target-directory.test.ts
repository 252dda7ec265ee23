import assert from 'node:assert/strict';
import { mkdirSync, mkdtempDisposableSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { directoryName, foreignIn } from '../../lib/influx/spool/target-directory.ts';
import type { Target } from '../../lib/influx/writer.ts';

const bucket: Target = { url: 'http://influxdb:8086', api: 2, org: 'o', bucket: 'b', token: 't' };
const nobody = { username: undefined, password: undefined, retentionPolicy: undefined };
const database: Target = { url: 'http://influxdb:8086', api: 1, database: 'b', ...nobody };

test('each place has a directory of its own, that says which it is', () => {
  const others: Target[] = [
    { ...bucket, url: 'https://influxdb:8086' },
    { ...bucket, org: 'p' },
    { ...bucket, bucket: 'c' },
    database,
    { ...database, database: 'c' },
    { ...database, retentionPolicy: 'week' },
  ];
  const names = [bucket, ...others].map(directoryName);
  assert.equal(new Set(names).size, names.length);
  assert.match(directoryName(bucket), /^influxdb-8086_o_b-[0-9a-f]{8}$/);
});

test('who writes there makes no difference', () => {
  assert.equal(directoryName({ ...bucket, token: 'u' }), directoryName(bucket));
  const user = { username: 'u', password: 'p' };
  assert.equal(directoryName({ ...database, ...user }), directoryName(database));
});

test('whatever the names are, it can be the name of a directory', () => {
  for (const name of ['../../etc', '.', 'a/b', 'ä'.repeat(300), '\0', ' ', '-']) {
    const target: Target = { ...bucket, url: 'http://[::1]:8086/../x', org: name, bucket: name };
    assert.match(directoryName(target), /^[A-Za-z0-9_-][A-Za-z0-9._-]{8,100}$/);
  }
});

test('what waits for others is found, also where it was before each had a directory', async () => {
  using root = mkdtempDisposableSync(join(tmpdir(), 'nstats-targets-'));
  const [ours = '', other = '', empty = ''] = [bucket, database, { ...bucket, org: 'p' }].map(
    (target) => join(root.path, directoryName(target)),
  );
  for (const directory of [ours, other, empty]) mkdirSync(directory);
  writeFileSync(join(ours, '000000000001.rows'), 'ours');
  assert.deepEqual(await foreignIn(root.path, ours), []);
  writeFileSync(join(other, '000000000001.rows'), 'four');
  writeFileSync(join(other, '5000.window'), 'six...');
  writeFileSync(join(other, 'lock'), 'nothing');
  writeFileSync(join(root.path, '000000000001.rows'), 'old');
  assert.deepEqual((await foreignIn(root.path, ours)).toSorted(), [root.path, other]);
  assert.deepEqual(await foreignIn(join(root.path, 'nowhere'), ours), []);
});
