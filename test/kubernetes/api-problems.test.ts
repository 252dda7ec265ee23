import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { ApiProblems } from '../../lib/kubernetes/api-problems.ts';
import { apiServer, faultOfApi } from '../../daemon/check/remedies.ts';
import { Problems } from '../../daemon/log.ts';
import { Sync } from '../../lib/kubernetes/sync.ts';
import { ApiError } from '../../lib/kubernetes/client/client.ts';
import { ExpiredError } from '../../lib/kubernetes/expired-error.ts';

const RESOURCES = ['pods of n', 'pods', 'services', 'nodes', 'namespaces'];
const aborted = Object.assign(new Error('aborted'), { code: 'ECONNRESET' });

interface Line {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

let said: Line[];
let sync: Sync;
let problems: ApiProblems;

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  said = [];
  const line = (level: string) => (fields: object, msg: string) =>
    said.push({ level, msg, ...fields });
  const log = { debug() {}, info: line('info'), warn: line('warn'), error: line('error') };
  sync = new Sync(RESOURCES);
  const server = apiServer({ server: 'https://api:6443', inCluster: true });
  problems = new ApiProblems({
    problems: new Problems(log),
    sync,
    explain: (error) => faultOfApi(error, server),
  });
  RESOURCES.forEach(follow);
});
afterEach(() => mock.timers.reset());

function follow(resource: string): void {
  sync.listed(resource);
  sync.following(resource, true);
  problems.followed(resource);
}

function fail(resource: string, error: unknown = aborted): void {
  sync.following(resource, false);
  sync.failed(resource, error);
  problems.failed(resource, error);
}

const pass = (seconds: number) => mock.timers.tick(seconds * 1000);

test('a restart of the server is one warning with all its resources, and one line when all are followed', () => {
  RESOURCES.forEach((resource) => fail(resource));
  pass(2);
  RESOURCES.forEach((resource) =>
    fail(resource, Object.assign(new Error(''), { code: 'ECONNREFUSED' })),
  );
  pass(30);
  RESOURCES.forEach((resource) => fail(resource, new ExpiredError('too old')));
  assert.equal(said.length, 1);
  assert.ok(said[0]);
  const { level, resources, error, fix } = said[0];
  assert.deepEqual([level, resources], ['warn', RESOURCES]);
  assert.equal(error, 'the API server closed the connection');
  assert.match(String(fix), /API server/);
  for (const resource of RESOURCES.slice(1)) follow(resource);
  pass(120);
  assert.equal(said.length, 1, 'one of them is still missing');
  follow('pods of n');
  pass(61);
  assert.deepEqual(said.map(({ msg }) => msg).slice(1), ['a problem is over']);
});

test('a resource that fails alone, and one that is denied, have lines of their own', () => {
  fail('services', new ApiError('/api/v1/services', 500, {}, 'no'));
  fail('pods of n', new ApiError('/api/v1/pods', 403, {}, 'pods is forbidden'));
  pass(2);
  assert.deepEqual(
    said.map(({ msg, resource }) => [msg, resource]),
    [
      [
        'the service account may not list and watch them, so new pods of this node are not observed',
        'pods of n',
      ],
      ['a resource of the API server cannot be followed', 'services'],
    ],
  );
  assert.match(String(said[0]?.['fix']), /get, list and watch/);
  follow('services');
  pass(61);
  assert.equal(said.at(-1)?.msg, 'a problem is over');
  assert.equal(said.at(-1)?.['resource'], 'services');
});

test('one demand to list again is no problem, one after the other is', () => {
  fail('pods', new ExpiredError('too old'));
  follow('pods');
  pass(5);
  assert.deepEqual(said, []);
  fail('pods', new ExpiredError('too old'));
  pass(2);
  assert.equal(said.length, 1);
});

test('a moment without the server is said, and that it was no more', () => {
  RESOURCES.forEach((resource) => fail(resource));
  RESOURCES.forEach(follow);
  pass(2);
  assert.deepEqual(said[0]?.['resources'], RESOURCES);
  pass(61);
  assert.equal(said.length, 2);
});
