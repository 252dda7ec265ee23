import { endianness } from 'node:os';
import { isIPv4 } from 'node:net';
import { canonical } from '../ip-address.ts';
import type { LocalPod, Netns } from '../model.ts';
import { parseNetDev } from './interface-counters.ts';
import { readText } from './proc-file.ts';

/** The files of /proc/<pid>/net that describe the interfaces of a network namespace. */
const FILES = ['dev', 'igmp', 'if_inet6', 'route', 'ipv6_route'] as const;
export type NetTexts = Readonly<Record<(typeof FILES)[number], string>>;

/** The name that container runtimes give to the interface of a pod's own network, whichever plug-in makes it. */
export const PRIMARY = 'eth0';
/** KubeVirt's bridges, and the devices of its virtual machines: nothing leaves the pod by them. */
const INNER = /^(?:k6t-|tap)/;
const NO_ADDRESS = '0'.repeat(32);
/** linux/route.h: such a route rejects packets. */
const RTF_REJECT = 0x200;

/** The texts for the namespace of a process; a file that cannot be read is empty. */
export function readNetTexts(proc: string, pid: Netns['pid']): NetTexts {
  const texts = FILES.map((file) => [file, readText(`${proc}/${pid}/net/${file}`) ?? '']);
  return Object.fromEntries(texts) as NetTexts;
}

/** The interfaces of a namespace that are up, each with its index, which no other interface ever gets. */
export function readLinks(proc: string, pid: Netns['pid']): ReadonlyMap<string, number> {
  return linksIn(readText(`${proc}/${pid}/net/igmp`) ?? '');
}

/** The names of all interfaces in the text of /proc/net/dev. */
export function interfacesIn(netDev: string): string[] {
  return [...netDev.matchAll(/^ *([^\s:]+):/gm)].map(([, name = '']) => name);
}

/**
 * The names and indexes of the interfaces that are up, from the text of /proc/net/igmp. No file of /proc says directly whether
 * an interface is up, but each one joins the group of all hosts when it comes up and leaves it when it goes down
 * (net/ipv4/igmp.c).
 */
export function linksIn(igmp: string): Map<string, number> {
  const lines = igmp.matchAll(/^(\d+)\t(\S+) *: /gm);
  return new Map([...lines].map(([, index, name = '']) => [name, Number(index)]));
}

/**
 * The interface by which a pod is reached instead of one that is absent or down; undefined if there is none, or several.
 * KubeVirt's bridge binding renames the pod's interface, makes it a port of a bridge, and puts a dummy in its place that is
 * down and has the pod's address (pkg/network/setup/netpod, pkg/network/link): such an interface is found by its new name.
 * Otherwise, and only for the interface of the pod's own network, it is the one with an address of the pod, with the default
 * route, or the only one in use.
 * @param taken names of interfaces that are captured anyway, and so never returned
 */
export function standInFor(
  name: string,
  texts: NetTexts,
  { ips, taken }: Pick<LocalPod, 'ips'> & { readonly taken: ReadonlySet<string> },
): string | undefined {
  const links = linksIn(texts.igmp);
  const up = interfacesIn(texts.dev).filter(
    (other) => other !== 'lo' && !INNER.test(other) && links.has(other),
  );
  const renamed = `${name.replace(/^pod/, '')}-nic`;
  const found = up.includes(renamed) ? renamed : name === PRIMARY && carrier(texts, up, ips);
  return found && !taken.has(found) ? found : undefined;
}

/** The one of the interfaces that are up that carries the pod's traffic. */
function carrier(texts: NetTexts, up: readonly string[], ips: LocalPod['ips']): string | undefined {
  const candidates = [...withAddress(texts, ips), ...withDefaultRoute(texts)];
  const found = candidates.find((name) => up.includes(name));
  if (found !== undefined || up.length < 2) return found ?? up[0];
  const [busy, ...others] = up.filter((name) => isUsed(texts.dev, name));
  return others.length === 0 ? busy : undefined;
}

function withAddress({ if_inet6, route }: NetTexts, ips: LocalPod['ips']): string[] {
  const by6 = rows(if_inet6).filter(([address = '']) => {
    const spelled = canonical(address.match(/.{4}/g)?.join(':') ?? '');
    return spelled !== undefined && ips.includes(spelled);
  });
  const own = ips.filter((ip) => isIPv4(ip)).map(toNumber);
  // The networks, without a gateway, that have an address of the pod: the longest mask first.
  const by4 = routes4(route)
    .filter(({ to, gateway, mask }) => {
      return gateway === 0 && mask !== 0 && own.some((ip) => (ip & mask) >>> 0 === to);
    })
    .toSorted((a, b) => bits(b.mask) - bits(a.mask));
  return [...by6.map((row) => row.at(-1) ?? ''), ...by4.map(({ name }) => name)];
}

function withDefaultRoute({ route, ipv6_route }: NetTexts): string[] {
  const by4 = routes4(route).filter(({ to, mask }) => to === 0 && mask === 0);
  const by6 = rows(ipv6_route)
    .filter(([to, length]) => to === NO_ADDRESS && length === '00')
    .map((row) => ({ name: row.at(-1) ?? '', metric: Number.parseInt(row[5] ?? '', 16) }));
  return [...by4, ...by6].toSorted((a, b) => a.metric - b.metric).map(({ name }) => name);
}

/** The routes of /proc/net/route, whose addresses are numbers in the byte order of the machine. */
function routes4(route: string) {
  return rows(route)
    .slice(1)
    .map(([name = '', to, gateway, flags, , , metric, mask]) => ({
      name,
      to: Number.parseInt(to ?? '', 16),
      gateway: Number.parseInt(gateway ?? '', 16),
      flags: Number.parseInt(flags ?? '', 16),
      metric: Number(metric),
      mask: Number.parseInt(mask ?? '', 16),
    }))
    .filter(({ flags }) => (flags & RTF_REJECT) === 0);
}

function toNumber(ip: string): number {
  const bytes = Buffer.from(ip.split('.').map(Number));
  return endianness() === 'LE' ? bytes.readUInt32LE() : bytes.readUInt32BE();
}

function bits(mask: number): number {
  return mask.toString(2).replaceAll('0', '').length;
}

/** Packets have passed the interface. */
function isUsed(netDev: string, name: string): boolean {
  const { sentPackets = 0, receivedPackets = 0 } = parseNetDev(netDev, name) ?? {};
  return sentPackets + receivedPackets > 0;
}

function rows(text: string): string[][] {
  return text
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
}
