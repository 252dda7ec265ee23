import { readFileSync, statSync } from 'node:fs';
import type { Counters, KernelBytes, Netns } from '../model.ts';
import { plus } from '../bytes.ts';
import { netnsOf } from './pod-netns.ts';
import { ProcFile } from './proc-file.ts';

/** What the counters have and an IP packet's own length has not. */
const ETHERNET_HEADER = 14;

/**
 * The text of /proc/net/dev in a network namespace, read through any of the given processes that is in it. Undefined if
 * none is. Synchronous because a read from /proc takes some 20 us and a trip through the thread pool takes longer.
 */
export function readNetDev(
  proc: string,
  inode: Netns['inode'],
  pids: readonly (number | 'self' | undefined)[],
): string | undefined {
  for (const pid of pids) {
    if (pid === undefined) continue;
    try {
      if (statSync(`${proc}/${pid}/ns/net`).ino !== inode) continue;
      return readFileSync(`${proc}/${pid}/net/dev`, 'utf8');
    } catch {
      // The process has gone; another may still be there.
    }
  }
  return undefined;
}

/**
 * The file of the counters in the namespace of a process. Like the process itself it keeps the namespace alive,
 * so it is to be closed when that ends. Undefined if the process is not in that namespace.
 */
export function openCounters(proc: string, { inode, pid }: Netns): ProcFile | undefined {
  const file = ProcFile.open(`${proc}/${pid}/net/dev`);
  if (netnsOf(proc, pid) === inode) return file;
  file?.close();
  return undefined;
}

/** The counters of an interface that nothing has passed yet. */
export const UNUSED: Counters = {
  sentBytes: 0,
  sentPackets: 0,
  receivedBytes: 0,
  receivedPackets: 0,
};

/** The counters of one interface from the text of /proc/net/dev. */
export function parseNetDev(text: string, iface: string): Counters | undefined {
  for (const line of text.split('\n')) {
    const colon = line.lastIndexOf(':');
    if (colon < 0 || line.slice(0, colon).trim() !== iface) continue;
    const numbers = line
      .slice(colon + 1)
      .trim()
      .split(/\s+/)
      .map(Number);
    const [receivedBytes, receivedPackets] = numbers;
    const [sentBytes, sentPackets] = numbers.slice(8);
    const counters = { sentBytes, sentPackets, receivedBytes, receivedPackets };
    return Object.values(counters).every(
      (value) => Number.isSafeInteger(value) && Number(value) >= 0,
    )
      ? (counters as Counters)
      : undefined;
  }
  return undefined;
}

/**
 * A reading as it continues an earlier one of the same interface. What one end of a veth pair has received is what the
 * other end has sent, and the kernel parts the two before it removes them (veth.c, `veth_dellink`): for some
 * milliseconds the interface is still there with all that it sent, and has received nothing.
 */
export function continued(now: Counters, earlier: Counters | undefined): Counters {
  const isParted =
    earlier !== undefined &&
    now.sentPackets > 0 &&
    now.sentPackets >= earlier.sentPackets &&
    now.sentBytes >= earlier.sentBytes &&
    now.receivedPackets === 0;
  if (!isParted) return now;
  const { receivedBytes, receivedPackets } = earlier;
  return { ...now, receivedBytes, receivedPackets };
}

/** Tells whether a reading is a later one than another, as far as anything has passed since. */
export function isAfter(later: Counters, earlier: Counters): boolean {
  const { sentBytes, receivedBytes } = earlier;
  return later.sentBytes >= sentBytes && later.receivedBytes >= receivedBytes;
}

/** What an interface has passed since it was made. */
export function passedBy(counters: Counters): KernelBytes {
  return between(UNUSED, counters);
}

/** The counters of an interface that has passed so much. */
export function countersOf({
  sent,
  received,
  sentPackets,
  receivedPackets,
}: KernelBytes): Counters {
  return {
    sentBytes: sent + ETHERNET_HEADER * sentPackets,
    sentPackets,
    receivedBytes: received + ETHERNET_HEADER * receivedPackets,
    receivedPackets,
  };
}

/**
 * The IP bytes and packets between two readings: the counters less an Ethernet header a packet.
 * A counter that went back belongs to a new interface of the same name, which began at nothing.
 */
export function between(before: Counters, after: Counters): KernelBytes {
  const fresh = !isAfter(after, before);
  const from = fresh ? UNUSED : before;
  const sentPackets = after.sentPackets - from.sentPackets;
  const receivedPackets = after.receivedPackets - from.receivedPackets;
  return {
    sent: Math.max(0, after.sentBytes - from.sentBytes - ETHERNET_HEADER * sentPackets),
    received: Math.max(
      0,
      after.receivedBytes - from.receivedBytes - ETHERNET_HEADER * receivedPackets,
    ),
    sentPackets,
    receivedPackets,
  };
}

/** What passed two interfaces, or one in two times. */
export function sum(a: KernelBytes, b: KernelBytes): KernelBytes {
  return {
    ...plus(a, b),
    sentPackets: a.sentPackets + b.sentPackets,
    receivedPackets: a.receivedPackets + b.receivedPackets,
  };
}
