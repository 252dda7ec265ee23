/** What the node tells: iftop and /proc. */
import assert from 'node:assert/strict';
import {
  mkdirSync,
  mkdtempDisposableSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { memory, residentBytes } from '../../lib/linux/memory.ts';
import { FrameSplitter } from '../../lib/iftop/frames.ts';
import { parseFrame } from '../../lib/iftop/parse.ts';
import { MOST_BYTES } from '../../lib/iftop/units.ts';
import { parseNetDev } from '../../lib/linux/interface-counters.ts';
import { interfacesIn, linksIn, type NetTexts, standInFor } from '../../lib/linux/interfaces.ts';
import { addressesOf, locate, podUid } from '../../lib/linux/pod-netns.ts';
import { ProcessTable } from '../../lib/linux/process-table.ts';
import { statOf } from '../../lib/linux/process-stat.ts';
import { filesOf, pieces, type Target } from './target.ts';

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

const NET_FILES = ['dev', 'igmp', 'if_inet6', 'route', 'ipv6_route'] as const;

/** The files of a namespace as they are read of it, parted by PART. */
function netTextsIn(folder: string): Buffer {
  const files = NET_FILES.map((file) =>
    readFileSync(`test/fixtures/interfaces/${folder}/${file}`, 'utf8'),
  );
  return Buffer.from(files.join(PART));
}

/** What is read of a process, and what it says in this order, parted by PART. */
const FILES = ['cgroup', 'stat', 'net/fib_trie', 'net/if_inet6', 'smaps_rollup', 'statm', 'ns/net'];
const PART = '\n--\n';
const PROCESS = [
  '0::/kubepods/besteffort/pod633e5f2d-07f3-4e12-be0a-3947fa6d6906/abc',
  '7 (a) b) S 1 7 7 0 -1 4194560 1 2 3 4 50 60 70 80 20 0 1 0 12345 4096000 1000 18446744073709551615 1 1 0',
  'Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 10.244.1.7\n        /32 host LOCAL\n',
  'fd770000000000000000000000000002 04 40 00 80     eth0\n',
  '5581a000-7ffd5000 ---p 00000000 00:00 0 [rollup]\nRss:  900 kB\nPss:  884 kB',
  'Name:\ta\nVmRSS:\t    900 kB\nRssAnon:\t    884 kB\nRssFile:\t      16 kB\n',
];

export const nodeTargets: readonly Target[] = [
  {
    name: 'iftop',
    seeds: filesOf('test/fixtures/iftop').filter(({ length }) => length < 64 * 1024),
    check(input, random) {
      const frames = framesOf([input]);
      assert.equal(JSON.stringify(framesOf(pieces(input, random))), JSON.stringify(frames));
      for (const lines of frames) {
        assert.ok(lines.length <= 4096);
        const { flows, total, unparsed } = parseFrame(lines);
        assert.ok(unparsed <= lines.length);
        const all = flows.map(({ sent, received }) => sent.bytes + received.bytes);
        assert.ok(isAmount(all.reduce((sum, bytes) => sum + bytes, 0)));
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
    name: 'interfaces',
    seeds: readdirSync('test/fixtures/interfaces').map(netTextsIn),
    check(input) {
      const parts = input.toString().split(PART);
      const texts = Object.fromEntries(
        NET_FILES.map((file, index) => [file, parts[index] ?? '']),
      ) as { -readonly [file in keyof NetTexts]: string };
      const there = interfacesIn(texts.dev);
      const up = linksIn(texts.igmp);
      for (const taken of [new Set(['eth0']), new Set(['eth0', ...there.slice(1, 3)])]) {
        const found = standInFor('eth0', texts, { ips: ['10.244.0.10', 'fd00:10:244::10'], taken });
        if (found === undefined) continue;
        assert.ok(there.includes(found) && up.has(found) && !taken.has(found) && found !== 'lo');
      }
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
  {
    name: 'proc',
    seeds: [Buffer.from(PROCESS.join(PART))],
    check(input) {
      using proc = mkdtempDisposableSync(join(tmpdir(), 'nstats-fuzz-'));
      mkdirSync(join(proc.path, '7', 'net'), { recursive: true });
      mkdirSync(join(proc.path, '7', 'ns'));
      const parts = input.toString('latin1').split(PART);
      for (const [index, file] of FILES.entries())
        writeFileSync(join(proc.path, '7', file), parts[index] ?? '', 'latin1');
      for (const ip of addressesOf(proc.path, 7)) assert.ok(isIP(ip), ip);
      for (const figure of Object.values<number>({ ...statOf(proc.path, 7) }))
        assert.ok(Number.isFinite(figure) && figure >= 0);
      for (const bytes of [memory(proc.path, [7]), residentBytes(proc.path, [7])])
        assert.ok(Number.isFinite(bytes) && bytes >= 0);
      for (const [uid, pids] of new ProcessTable(proc.path).all()) {
        assert.match(uid, /^[0-9a-f-]{32,36}$/);
        assert.deepEqual(pids, [7]);
        assert.equal(locate(proc.path, { cgroupUid: uid, ips: [] }, pids, new Set())?.pid, 7);
      }
    },
  },
];
