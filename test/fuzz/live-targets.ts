/** The lines of an agent, as who shows them reads them: what is shown does nothing but be shown. */
import assert from 'node:assert/strict';
import { encode, parseFrame, parseHello } from '../../lib/live/frame.ts';
import type { Target } from './target.ts';

const FLOW = {
  peer_kind: 'pod',
  peer_namespace: 'data',
  peer: 'db-0',
  peer_workload: 'StatefulSet/db',
  port: '5432/tcp',
  sentBytes: 1200,
  receivedBytes: 54_321,
};
const SLOT = {
  namespace: 'shop',
  pod: 'web\u001b]0;title\u0007',
  workload: 'Deployment/\u202eweb',
  interface: 'eth0',
  from: 1_700_000_000_000,
  to: 1_700_000_002_000,
  flows: [FLOW, { ...FLOW, peer: '\u{e0001}\n', port: '-' }],
};
const FRAMES = [
  {
    number: 1,
    at: 1_700_000_002_500,
    notCaptured: 1,
    slots: [SLOT, { ...SLOT, pod: 'api', flows: [] }],
  },
  { number: 2, at: 0, notCaptured: 0, slots: [] },
];
const HELLO = { protocol: 1, version: '1.0.0', cluster: 'eu', node: 'n1', nodes: 3, source: 'bpf' };
/** Characters of a name, each at most two units. */
const NAME = /^[^\p{C}\p{Zl}\p{Zp}]{1,320}$/u;

/** Reads a line, or refuses it with a sentence. */
function checked(parse: (line: string) => object, input: Buffer): void {
  let message: object;
  try {
    message = parse(input.toString());
  } catch (error) {
    assert.ok(error instanceof Error && error.message !== '', String(error));
    const isOurs = !(error instanceof TypeError) && !(error instanceof RangeError);
    assert.ok(isOurs, error.stack ?? error.message);
    return;
  }
  assertShowable(message);
  // What was read is read again as it is.
  assert.deepEqual(parse(encode(message as Parameters<typeof encode>[0])), message);
}

function assertShowable(value: unknown): void {
  if (typeof value === 'string') assert.match(value, NAME);
  else if (typeof value === 'number') assert.ok(value >= 0 && value <= Number.MAX_SAFE_INTEGER);
  else if (typeof value === 'object' && value !== null)
    for (const each of Object.values(value)) assertShowable(each);
  else assert.fail(`${typeof value} in a message`);
}

export const liveTargets: readonly Target[] = [
  {
    name: 'live-hello',
    json: true,
    seeds: [Buffer.from(JSON.stringify(HELLO))],
    check: (input) => checked(parseHello, input),
  },
  {
    name: 'live-frame',
    json: true,
    seeds: FRAMES.map((frame) => Buffer.from(JSON.stringify(frame))),
    check: (input) => checked(parseFrame, input),
  },
];
