import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csv, json, type Result, table } from '../../../daemon/top/script/formats.ts';
import { rowOf } from '../views.ts';

const RESULT: Result = {
  time: new Date(0),
  seconds: undefined,
  group: 'flow',
  isComplete: false,
  agents: [
    { agent: 'node-1', state: 'live', reason: undefined, notCaptured: 0, framesLost: 0 },
    { agent: 'node-2', state: 'lost', reason: 'it does not answer', notCaptured: 0, framesLost: 0 },
  ],
  rows: [rowOf('web-1', '198.51.100.0/24', 8e6), rowOf('api-1', 'other', 80)],
};
const FIELDS =
  `namespace pod workload node peer_kind peer_namespace peer peer_workload port sendRate receiveRate
  sendRate10s receiveRate10s sendRate40s receiveRate40s sentBytes receivedBytes`.split(/\s+/);

test('JSON is one object: the agents and how they are, and rows by the names of the fields', () => {
  const text = json(RESULT);
  assert.equal(text.indexOf('\n'), text.length - 1);
  const { rows, ...rest } = JSON.parse(text) as { rows: { [field: string]: unknown }[] };
  assert.deepEqual(rest, {
    time: '1970-01-01T00:00:00.000Z',
    seconds: null,
    group: 'flow',
    isComplete: false,
    agents: [
      { agent: 'node-1', state: 'live', reason: null, notCaptured: 0, framesLost: 0 },
      {
        agent: 'node-2',
        state: 'lost',
        reason: 'it does not answer',
        notCaptured: 0,
        framesLost: 0,
      },
    ],
  });
  assert.deepEqual(rows.map(Object.keys), [FIELDS, FIELDS]);
  assert.deepEqual([rows[0]?.['pod'], rows[0]?.['sendRate']], ['web-1', 8e6]);
});

test('CSV has a line of fields, also without rows', () => {
  assert.equal(csv({ ...RESULT, rows: [] }), `${FIELDS.join(',')}\r\n`);
  assert.equal(csv(RESULT).split('\r\n').length, 4);
});

test('CSV quotes by RFC 4180, and no name is a formula', () => {
  const names = ['a,b', 'say "x"', '=1+1', '@x', '-', 'plain'];
  const rows = names.map((peer) => rowOf('web-1', peer));
  const peers = csv({ ...RESULT, rows })
    .split('\r\n')
    .slice(1, -1)
    .map((line) => /^shop,web-1,-,node-1,external,-,(.*),-,-,0,0,0,0,0,0,0,0$/.exec(line)?.[1]);
  assert.deepEqual(peers, ['"a,b"', '"say ""x"""', "'=1+1", "'@x", '-', 'plain']);
});

test('the table has rates, and after a duration sums', () => {
  assert.equal(
    table(RESULT),
    [
      'POD         PEER             KIND             SEND     RECV     SEND 10s  RECV 10s     SEND 40s  RECV 40s\n',
      'shop/web-1  198.51.100.0/24  external  8.00 Mbit/s  0 bit/s  8.00 Mbit/s   0 bit/s  8.00 Mbit/s   0 bit/s\n',
      'shop/api-1  other            external     80 bit/s  0 bit/s     80 bit/s   0 bit/s     80 bit/s   0 bit/s\n',
    ].join(''),
  );
  const sums = table({ ...RESULT, group: 'pod', seconds: 30 });
  assert.match(sums, /^POD +NODE +SENT +RECEIVED +SEND +RECV\n/);
  assert.match(sums, /\nshop\/web-1 +node-1 +1\.00 MB +0 B +8\.00 Mbit\/s +0 bit\/s\n/);
});

test('the table cuts nothing, and wide names keep the columns in their places', () => {
  const rows = [rowOf('web-1', '数据库'), rowOf('web-1', 'x'.repeat(300))];
  const [, first = '', second = ''] = table({ ...RESULT, rows }).split('\n');
  assert.match(second, /x{300} {2}external/);
  assert.equal(first.indexOf('external') + '数据库'.length, second.indexOf('external'));
});
