import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/**
 * An address in canonical spelling, which is also iftop's (inet_ntop): addresses are compared as text. Undefined if it is
 * not an address; zone indices are dropped.
 */
export function canonical(address: string): string | undefined {
  const [plain = ''] = address.split('%');
  // ipaddr.js takes `10` and `0xbeef` for addresses, which are valid host names.
  if (!isIP(plain)) return undefined;
  const parsed = ipaddr.parse(plain);
  return parsed instanceof ipaddr.IPv6 ? parsed.toRFC5952String() : parsed.toString();
}

/** The addresses among some strings, each once, in canonical spelling. */
export function canonicalSet(candidates: readonly (string | undefined)[]): string[] {
  const found = new Set<string>();
  for (const candidate of candidates) {
    const address = candidate && canonical(candidate);
    if (address) found.add(address);
  }
  return [...found];
}

const SPECIAL: Readonly<{ [range: string]: string }> = {
  multicast: 'multicast',
  broadcast: 'broadcast',
  linkLocal: 'link-local',
  loopback: 'loopback',
  unspecified: 'unspecified',
};

/** The network that stands for an address outside the cluster: its /24, or its /48 for IPv6. */
export function externalNetwork(address: string): string {
  const parsed = ipaddr.process(address);
  const special = SPECIAL[parsed.range()];
  if (special) return special;
  const [bits, kind] = parsed.kind() === 'ipv4' ? [24, ipaddr.IPv4] : [48, ipaddr.IPv6];
  const network = kind.networkAddressFromCIDR(`${parsed.toString()}/${bits}`);
  return `${canonical(network.toString()) ?? network.toString()}/${bits}`;
}

/**
 * The addresses of a network at its first places: at 0 is its own (`10.244.1.0`), at 1 the first
 * after it (`10.244.1.1`). None if it has less than four, nor the last of those that it has.
 */
export function firstAddresses(cidr: string, places: readonly number[] = [0, 1]): string[] {
  if (!ipaddr.isValidCIDR(cidr)) return [];
  const [address, bits] = ipaddr.parseCIDR(cidr);
  const kind = address.kind() === 'ipv4' ? ipaddr.IPv4 : ipaddr.IPv6;
  const network = kind.networkAddressFromCIDR(`${address.toString()}/${bits}`).toByteArray();
  const free = network.length * 8 - bits;
  if (free < 2) return [];
  const last = network.at(-1) ?? 0;
  const found = places.filter((place) => place < 2 ** Math.min(free, 8) - 1);
  return canonicalSet(
    found.map((place) => ipaddr.fromByteArray([...network.slice(0, -1), last + place]).toString()),
  );
}

/** Whether an address can be one host's, on any link. */
export function isUnicast(address: string): boolean {
  return !Object.hasOwn(SPECIAL, ipaddr.process(address).range());
}

/** Whether an address is in a range for private use: RFC 1918, RFC 6598 or unique local IPv6. */
export function isPrivate(address: string): boolean {
  return PRIVATE.has(ipaddr.process(address).range());
}

const PRIVATE = new Set(['private', 'carrierGradeNat', 'uniqueLocal']);

/**
 * Whether an address can be reached over the internet. Networks for documentation count as public ones, since nothing
 * else tells them from these; 198.18.0.0/15 (RFC 2544) and 240.0.0.0/4 do not, which some clouds use as private addresses.
 */
export function isPublic(address: string): boolean {
  const parsed = ipaddr.process(address);
  const range = parsed.range();
  const isUnrouted =
    parsed instanceof ipaddr.IPv4 && UNROUTED.some((network) => parsed.match(network));
  return !isUnrouted && !PRIVATE.has(range) && !Object.hasOwn(SPECIAL, range);
}

const UNROUTED = ['198.18.0.0/15', '240.0.0.0/4'].map((cidr) => ipaddr.IPv4.parseCIDR(cidr));
