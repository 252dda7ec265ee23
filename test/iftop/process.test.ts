import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { IftopProcess } from '../../lib/iftop/process.ts';
import { stay } from '../../lib/linux/netns-exec.ts';

const FRAME = `   1 10.0.0.1  =>  1B  1B  1B  1B\n     10.0.0.2  <=  1B  1B  1B  1B\n${'='.repeat(92)}\n`;
/** Prints so many frames at once when it is asked for the first time. */
const iftop = (frames: number) => [
  'sh',
  '-c',
  'echo "Listening on eth0"; dd bs=1 count=1 >/dev/null 2>&1; printf %s "$0"; sleep 60',
  FRAME.repeat(frames),
];

for (const [printed, kept] of [
  [1, 1],
  // The tick that it was about to print, and the answer, which says the same again.
  [2, 1],
  // And the next tick of a pod that sends evenly: the CPU was short, so all of them are read at once.
  [3, 2],
] as const) {
  test(`of ${printed} equal frames after a question ${kept} are new`, async () => {
    const process = await IftopProcess.start(stay(iftop(printed)));
    process.ask();
    await sleep(300);
    let frames = 0;
    while (process.take()) frames += 1;
    await process.end(false);
    assert.equal(frames, kept);
  });
}

/** What libpcap and iftop print before they end with code 1, as recorded, and what is made of it. */
for (const [said, code] of [
  ['pcap_open_live(eth0): eth0: That device is not up', 'ERR_SESSION_INTERFACE'],
  ['pcap_open_live(a): a: No such device exists (No such device exists)', 'ERR_SESSION_INTERFACE'],
  ['Unsupported datalink type: 280', 'ERR_SESSION_INTERFACE'],
  [
    "pcap_open_live(eth0): eth0: You don't have permission to perform this capture on that device",
    'ERR_SESSION_START',
  ],
] as const) {
  test(`an iftop that says “${said}” fails with ${code}, and that in its words`, async () => {
    const command = ['sh', '-c', 'echo "interface: eth0"; echo "$0" >&2; exit 1', said];
    await assert.rejects(IftopProcess.start(stay(command)), (error: Error) => {
      assert.equal((error as { code?: string }).code, code);
      assert.ok(error.message.includes(said), error.message);
      return true;
    });
  });
}
