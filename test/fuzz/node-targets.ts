/** What the node tells: iftop and /proc. */
import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { StringDecoder } from 'node:string_decoder';
import { FrameSplitter } from '../../lib/iftop/frames.ts';
import { parseFrame } from '../../lib/iftop/parse.ts';
import { parseNetDev } from '../../lib/netns/counters.ts';
import { podUid } from '../../lib/netns/locate.ts';
import { filesOf, pieces, type Target } from './target.ts';

/** More than any link can carry in a slot; what iftop prints has twenty digits at most. */
const MOST_BYTES = 1e32;

function framesOf(input: readonly Buffer[]): string[][] {
  const splitter = new FrameSplitter();
  const decoder = new StringDecoder('utf8');
  return input.flatMap((piece) => splitter.push(decoder.write(piece)));
}

function isAmount(bytes: number): boolean {
  return Number.isFinite(bytes) && bytes >= 0 && bytes <= MOST_BYTES;
}

const NET_DEV = `Inter-|   Receive                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs
    lo:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0
  eth0: 1234567    8901    0    0    0     0          0         0   765432    1098    0    0    0     0       0          0
`;

export const nodeTargets: readonly Target[] = [
  {
    name: 'iftop',
    seeds: filesOf('test/fixtures/iftop').filter(({ length }) => length < 64 * 1024),
    check(input, random) {
      const frames = framesOf([input]);
      assert.deepEqual(framesOf(pieces(input, random)), frames);
      for (const lines of frames) {
        assert.ok(lines.length <= 4096);
        const { flows, total, unparsed } = parseFrame(lines);
        assert.ok(unparsed <= lines.length);
        for (const { bytes, slack } of [total.sent, total.received])
          assert.ok(isAmount(bytes) && isAmount(slack));
        for (const { local, remote, sent, received } of flows) {
          assert.ok(isIP(local) && isIP(remote));
          assert.ok(isAmount(sent.bytes) && isAmount(received.bytes));
        }
      }
    },
  },
  {
    name: 'net-dev',
    seeds: [Buffer.from(NET_DEV)],
    check(input) {
      const counters = parseNetDev(input.toString(), 'eth0');
      for (const count of Object.values<number>({ ...counters }))
        assert.ok(Number.isSafeInteger(count) && count >= 0);
    },
  },
  {
    name: 'cgroup',
    seeds: [
      Buffer.from('0::/kubepods/besteffort/pod633e5f2d-07f3-4e12-be0a-3947fa6d6906/abc\n'),
      Buffer.from(
        '12:cpu:/kubepods.slice/kubepods-pod633e5f2d_07f3_4e12_be0a_3947fa6d6906.slice/crio-a.scope\n0::/\n',
      ),
    ],
    check(input) {
      assert.match(podUid(input.toString()) ?? '0'.repeat(32), /^[0-9a-f-]{32,36}$/);
    },
  },
];
