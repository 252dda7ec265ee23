import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Target, writePath } from '../../lib/influx/writer.ts';

const url = 'http://localhost:8086';
const one = {
  url,
  api: 1,
  database: 'nstats',
  retentionPolicy: undefined,
  username: undefined,
  password: undefined,
} as const;
const two = { url, api: 2, org: 'acme', bucket: 'nstats', token: undefined } as const;

const table: readonly [target: Target, path: string][] = [
  [two, '/api/v2/write?org=acme&bucket=nstats&precision=s'],
  [
    { ...two, org: '', bucket: 'nstats/autogen' },
    '/api/v2/write?org=&bucket=nstats%2Fautogen&precision=s',
  ],
  [{ ...two, org: 'a & b' }, '/api/v2/write?org=a+%26+b&bucket=nstats&precision=s'],
  [one, '/write?db=nstats&precision=s'],
  [{ ...one, retentionPolicy: 'a year' }, '/write?db=nstats&rp=a+year&precision=s'],
];

for (const [target, path] of table) {
  test(`API ${target.api} is written to at ${path}`, () => {
    assert.equal(writePath(target), path);
  });
}
