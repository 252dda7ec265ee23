import type { LocalPod, Netns } from '../model.ts';
import { readNetDev } from './interface-counters.ts';
import { interfacesIn, PRIMARY, readLinks } from './interfaces.ts';
import { addressesOf, candidates } from './pod-netns.ts';

const LINK_LOCAL = /^(?:169\.254\.|fe[89ab])/;

/**
 * The network namespace of a pod whose addresses are in no namespace: the only one of its processes' namespaces that has one
 * of the interfaces, if that has no address. gVisor removes the addresses from the interface, and its sandbox uses them
 * itself; its file server is in an empty namespace (runsc/container/container.go, `createGoferProcess`).
 */
export function locateBare(...where: Parameters<typeof having>): Netns | undefined {
  const [proc] = where;
  const [netns, ...others] = having(...where);
  return netns && others.length === 0 && !hasAddress(proc, netns.pid) ? netns : undefined;
}

/** The namespace of the oldest process in whose namespace one of the interfaces is. */
export function locateWith(...where: Parameters<typeof having>): Netns | undefined {
  return having(...where).next().value;
}

function having(
  proc: string,
  pod: Pick<LocalPod, 'cgroupUid'>,
  pids: readonly number[],
  forbidden: ReadonlySet<Netns['inode']>,
  interfaces: readonly string[],
): Generator<Netns, undefined> {
  const hasInterface = (pid: number, inode: Netns['inode']) => hasAny(proc, inode, pid, interfaces);
  return candidates(proc, pod, pids, forbidden, hasInterface);
}

/** Tells whether the namespace of a process has any of these interfaces. */
export function hasAny(
  proc: string,
  inode: Netns['inode'],
  pid: Netns['pid'],
  interfaces: readonly string[],
): boolean {
  const present = interfacesIn(readNetDev(proc, inode, [pid]) ?? '');
  return present.some((name) => interfaces.includes(name));
}

/** Tells whether the namespace of a process has an address that is not link-local. */
export function hasAddress(proc: string, pid: Netns['pid']): boolean {
  return [...addressesOf(proc, pid)].some((address) => !LINK_LOCAL.test(address));
}

/**
 * The addresses of a pod that its namespace should have on this interface, and does not have: iftop needs them as arguments.
 * None for any other interface, of whose packets these arguments would make iftop see none.
 * @param primary the interface that has a pod's addresses where there is no eth0
 */
export function absentFrom(
  proc: string,
  pid: Netns['pid'],
  iface: string,
  { ips, primary }: Pick<LocalPod, 'ips'> & { readonly primary: string },
): string[] {
  if (iface !== (readLinks(proc, pid).has(PRIMARY) ? PRIMARY : primary)) return [];
  const present = addressesOf(proc, pid);
  return ips.filter((ip) => !present.has(ip));
}
