import { statSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import type { LocalPod, Netns } from '../model.ts';
import { canonical } from '../ip-address.ts';
import { readText } from './proc-file.ts';

/**
 * The pod's UID in a line of /proc/<pid>/cgroup. The pattern is not anchored at the root (nested and private cgroup namespaces
 * put something else in front), and `kubepods` may be absent. In a cluster inside a pod the outer pod, which is the one of
 * this node, comes first.
 */
const POD =
  /(?:^|[/-])pod([0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12}|[0-9a-f]{32})(?=[/.]|$)/m;
/** CRI-O's monitor is in the pod's cgroup but in the host's network namespace. */
const MONITOR = /\/crio-conmon-/;

/** The UID in the text of a /proc/<pid>/cgroup, in the spelling of the API, or of a static pod's manifest. */
export function podUid(cgroup: string): string | undefined {
  return MONITOR.test(cgroup) ? undefined : POD.exec(cgroup)?.[1]?.replaceAll('_', '-');
}

/**
 * The network namespace of a pod: that of its oldest process whose namespace has one of the pod's addresses. Until the API
 * server has reported addresses it is any that is not forbidden, and has to be confirmed later.
 */
export function locate(
  proc: string,
  pod: Pick<LocalPod, 'cgroupUid' | 'ips'>,
  pids: readonly number[],
  forbidden: ReadonlySet<Netns['inode']>,
): Netns | undefined {
  const isPods = (pid: number) => owns(proc, pid, pod.ips);
  return candidates(proc, pod, pids, forbidden, isPods).next().value;
}

/** The namespaces of a pod's processes that meet a condition, each checked once. */
export function* candidates(
  proc: string,
  { cgroupUid }: Pick<LocalPod, 'cgroupUid'>,
  pids: readonly number[],
  forbidden: ReadonlySet<Netns['inode']>,
  matches: (pid: number, inode: Netns['inode']) => boolean,
): Generator<Netns, undefined> {
  const others = new Set(forbidden);
  for (const pid of pids) {
    const inode = netnsOf(proc, pid);
    if (inode === undefined || others.has(inode)) continue;
    if (!belongsTo(proc, pid, cgroupUid)) continue;
    others.add(inode);
    if (matches(pid, inode)) yield { inode, pid };
  }
}

/** The inode of a process's network namespace; undefined if the process has gone, or may not be read. */
export function netnsOf(proc: string, pid: number | string): Netns['inode'] | undefined {
  try {
    return statSync(`${proc}/${pid}/ns/net`).ino;
  } catch {
    return undefined;
  }
}

/** Tells whether a process is (still) in a pod's cgroup: its number may be another process's by now. */
export function belongsTo(proc: string, pid: number, cgroupUid: string): boolean {
  return podUid(readText(`${proc}/${pid}/cgroup`) ?? '') === cgroupUid;
}

/** The addresses in the network namespace of a process, without those of the loopback. */
export function addressesOf(proc: string, pid: Netns['pid']): Set<string> {
  const net = `${proc}/${pid}/net`;
  return addressesIn(readText(`${net}/fib_trie`) ?? '', readText(`${net}/if_inet6`) ?? '');
}

/** The addresses in the texts of /proc/<pid>/net/fib_trie and /proc/<pid>/net/if_inet6, without those of the loopback. */
export function addressesIn(fibTrie: string, ifInet6: string): Set<string> {
  const found = new Set<string>();
  for (const [, address = ''] of fibTrie.matchAll(/\|-- ([\d.]+)\n +\/32 host LOCAL/g)) {
    if (isIPv4(address) && !address.startsWith('127.')) found.add(address);
  }
  for (const line of ifInet6.split('\n')) {
    const groups = line.slice(0, 32).match(/[0-9a-f]{4}/g);
    const address = groups?.length === 8 ? canonical(groups.join(':')) : undefined;
    if (address && address !== '::1') found.add(address);
  }
  return found;
}

/** Tells whether the namespace of a process has one of the addresses; true if there are none to compare. */
export function owns(proc: string, pid: Netns['pid'], ips: readonly string[]): boolean {
  if (ips.length === 0) return true;
  const present = addressesOf(proc, pid);
  return ips.some((ip) => present.has(ip));
}
