import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { iftopCommand } from '../../lib/iftop/process.ts';
import { Session } from '../../lib/iftop/session.ts';
import { parseNetDev, readNetDev } from '../../lib/linux/interface-counters.ts';
import { enter, stay } from '../../lib/linux/netns-exec.ts';
import { netnsOf } from '../../lib/linux/pod-netns.ts';

/**
 * Enters the agent's own network namespace as it enters a pod's, or with `own` stays in it, and lets iftop capture some
 * packets on `lo`, for a shorter time if `signal` is aborted. Resolves to the bytes that iftop counted.
 * @throws SessionError, or an error that says that iftop counted nothing
 */
export async function captureLoopback(
  proc: string,
  own: boolean,
  signal?: AbortSignal,
): Promise<number> {
  const inode = netnsOf(proc, 'self') ?? 0;
  const command = iftopCommand('lo');
  const child = own ? stay(command) : enter(openSync(`${proc}/self/ns/net`, 'r'), command);
  const session = await Session.start(child, {
    counters: () => parseNetDev(readNetDev(proc, inode, ['self']) ?? '', 'lo'),
    cpu: () => 0,
    overloaded: () => {},
    unparsed: () => {},
    frame: () => {},
  });
  const stop = new AbortController();
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const knock = setInterval(() => socket.send('nstats', socket.address().port, '127.0.0.1'), 100);
  const timer = sleep(1500, undefined, { ...(signal && { signal }) })
    .catch(() => {})
    .then(() => stop.abort());
  let bytes = 0;
  try {
    for await (const { flows } of session.slots(stop.signal)) {
      for (const { sent, received } of flows) bytes += sent.bytes + received.bytes;
    }
  } finally {
    clearInterval(knock);
    socket.close();
    await timer;
  }
  if (bytes === 0) throw new Error('iftop runs but sees no packets on lo');
  return bytes;
}
