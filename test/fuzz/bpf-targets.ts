/** What the helper of lib/bpf prints, and what it is told. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { type Frame, FrameReader } from '../../lib/bpf/frames.ts';
import { addRecords, type PodCounts, totalOf } from '../../lib/bpf/records.ts';
import { canonical } from '../../lib/ip-address.ts';
import { ended, fatal, frame, record, V6 } from '../bpf/making.ts';
import { pieces, type Target } from './target.ts';

const HELPER = join(import.meta.dirname, '../../lib/bpf/nstats-bpf');
/** Without it, or without the right to load programs, it says so and reads nothing. */
const canRun = process.getuid?.() === 0 && existsSync(HELPER);

const RECORDS = [record({}), record({ local: V6.a, remote: V6.b, protocol: 6, port: 443 })];
const COUNTS = [...RECORDS, record({ kind: 1 }), record({ kind: 2 }), record({ kind: 3 })];

const COMMANDS = [
  'attach 7 self 0 lo\ndrain\ndetach 7\ndrain\n',
  'port tcp 443 on\nport udp 53 on\nport sctp 9 off\ndrain\n',
  'attach 1 1 4026531840 eth0\nattach 2 self 0 eth1\ndrain\ndrain\n',
  'drain\n'.repeat(20),
];

function read(parts: readonly Buffer[]): Frame[] {
  const reader = new FrameReader();
  return parts.flatMap((piece) => reader.push(piece));
}

function checkRecords(records: Buffer): void {
  const pods: PodCounts = new Map();
  if (!addRecords(pods, records)) return;
  for (const pod of pods.values()) {
    const total = totalOf(pod);
    for (const count of Object.values<number>({ ...total })) assert.ok(count >= 0);
    for (const { local, remote, port, protocol } of pod.flows) {
      for (const address of [local, remote])
        assert.ok(isIP(address) && canonical(address) === address, address);
      assert.ok(port >= 0 && port < 65_536 && protocol >= 0 && protocol < 256);
    }
  }
}

export const bpfTargets: readonly Target[] = [
  {
    name: 'bpf-frames',
    seeds: [
      Buffer.concat([frame(1), frame(2, Buffer.alloc(4)), ended(7, 100, 'detach')]),
      Buffer.concat([frame(4, Buffer.concat(COUNTS)), frame(5, Buffer.alloc(8))]),
      Buffer.concat([frame(4, record({})), fatal(1, 'create a map')]),
    ],
    check(input, random) {
      const frames = read([input]);
      assert.deepEqual(read(pieces(input, random)), frames);
      const at = frames.findIndex(({ type }) => type === 'malformed');
      assert.ok(at < 0 || at === frames.length - 1);
      for (const each of frames) if (each.type === 'records') checkRecords(each.records);
    },
  },
  {
    name: 'bpf-records',
    seeds: [...COUNTS, Buffer.concat(COUNTS)],
    check(input) {
      checkRecords(input.subarray(0, input.length - (input.length % 72)));
    },
  },
  {
    name: 'bpf-commands',
    seeds: COMMANDS.map((text) => Buffer.from(text)),
    check(input) {
      if (!canRun) return;
      const helper = spawnSync(HELPER, ['100', '10', 'ports'], { input, timeout: 10_000 });
      assert.equal(helper.signal, null);
      assert.equal(helper.stderr.toString(), '');
      const frames = read([helper.stdout]);
      assert.ok(frames.every(({ type }) => type !== 'malformed'));
      const last = frames.at(-1);
      assert.equal(helper.status, last?.type === 'fatal' ? 1 : 0);
    },
  },
];
