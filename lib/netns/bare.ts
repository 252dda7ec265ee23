import type { LocalPod, Netns } from '../model.ts';
import { readCounters } from './counters.ts';
import { addressesOf, candidates } from './locate.ts';

const LINK_LOCAL = /^(?:169\.254\.|fe[89ab])/;

/**
 * The network namespace of a pod whose addresses are in none: the only one of its processes that has the interface
 * and no address. gVisor takes the addresses off the interface, and its sandbox answers to them itself; its file
 * server is in an empty namespace (runsc/container/container.go, `createGoferProcess`). A container of a Docker inside
 * the pod has an address, of Docker's.
 */
export function locateBare(
  proc: string,
  pod: Pick<LocalPod, 'cgroupUid'>,
  pids: readonly number[],
  forbidden: ReadonlySet<Netns['inode']>,
  iface: string,
): Netns | undefined {
  const isBare = (pid: number, inode: Netns['inode']) =>
    readCounters(proc, inode, [pid], iface) !== undefined && !hasAddress(proc, pid);
  const [netns, ...others] = candidates(proc, pod, pids, forbidden, isBare);
  return others.length === 0 ? netns : undefined;
}

/** The network namespace of the oldest process that has the interface in it. */
export function locateWith(
  ...[proc, pod, pids, forbidden, iface]: Parameters<typeof locateBare>
): Netns | undefined {
  const hasInterface = (pid: number, inode: Netns['inode']) =>
    readCounters(proc, inode, [pid], iface) !== undefined;
  return candidates(proc, pod, pids, forbidden, hasInterface).next().value;
}

/** Tells whether the namespace of a process has an address that is not only its link's. */
export function hasAddress(proc: string, pid: Netns['pid']): boolean {
  return [...addressesOf(proc, pid)].some((address) => !LINK_LOCAL.test(address));
}
