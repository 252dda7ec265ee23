import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** A network, as a key: its family, 4 or 6, and then the bits of its prefix, as text. */
type Key = string;

export interface Prefix {
  readonly key: Key;
  /** The network in canonical spelling, such as `10.0.0.0/8`. */
  readonly cidr: string;
  /** Whether the address that was given is the network's own: no bit is set behind the prefix. */
  readonly exact: boolean;
}

export interface Match<V> {
  readonly cidr: string;
  readonly value: V;
}

/**
 * Values by network, found by the longest prefix that an address is in. IPv4-mapped IPv6 is IPv4, in
 * networks as in addresses.
 */
export class PrefixTable<V> {
  readonly #entries: Map<Key, Match<V>>;
  /** The lengths of the keys of a family that there are, the longest first. */
  readonly #lengths = new Map<string, number[]>();

  /** `entries` are those of another table. Both are plain data, which can be sent between threads. */
  constructor(entries: ReadonlyMap<Key, Match<V>> = new Map()) {
    this.#entries = new Map(entries);
    for (const key of entries.keys()) this.#hasLengthOf(key);
  }

  get entries(): ReadonlyMap<Key, Match<V>> {
    return this.#entries;
  }

  /** The number of networks. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * Gives the network that a CIDR is in a value, instead of the one that it had. False if it is no
   * CIDR; then nothing has changed.
   */
  set(cidr: string | Prefix, value: V): boolean {
    const prefix = typeof cidr === 'string' ? parsePrefix(cidr) : cidr;
    if (!prefix) return false;
    this.#entries.set(prefix.key, { cidr: prefix.cidr, value });
    this.#hasLengthOf(prefix.key);
    return true;
  }

  /** The smallest network that an address is in. It takes a look-up for each length of a prefix. */
  match(address: string): Match<V> | undefined {
    if (!isIP(address)) return undefined;
    const key = keyOf(ipaddr.process(address));
    for (const length of this.#lengths.get(key.charAt(0)) ?? []) {
      const found = this.#entries.get(key.slice(0, length));
      if (found) return found;
    }
    return undefined;
  }

  #hasLengthOf(key: Key): void {
    const family = key.charAt(0);
    const lengths = this.#lengths.get(family) ?? [];
    if (lengths.includes(key.length)) return;
    this.#lengths.set(
      family,
      [...lengths, key.length].sort((a, b) => b - a),
    );
  }
}

/** Reads a CIDR; a bare address is a network of its own. Undefined if it is none. */
export function parsePrefix(text: string): Prefix | undefined {
  const [, given = '', digits] = /^([\da-f.:]+)(?:\/(\d{1,3}))?$/i.exec(text) ?? [];
  if (!isIP(given)) return undefined;
  const address = ipaddr.process(given);
  const all = keyOf(address);
  // What is written of a mapped network counts the 96 bits in front of the IPv4 address too.
  const before = given.includes(':') && address.kind() === 'ipv4' ? 96 : 0;
  const length = digits === undefined ? all.length - 1 : Number(digits) - before;
  if (length < 0 || length > all.length - 1) return undefined;
  const key = all.slice(0, length + 1);
  const exact = !all.includes('1', length + 1);
  return { key, exact, cidr: `${exact ? spelled(address) : networkOf(address, length)}/${length}` };
}

type Address = ReturnType<typeof ipaddr.process>;

const OCTETS = Array.from({ length: 256 }, (_, octet) => octet.toString(2).padStart(8, '0'));

/** The key of the network that is this address alone. */
function keyOf(address: Address): Key {
  let key = address.kind() === 'ipv4' ? '4' : '6';
  for (const octet of address.toByteArray()) key += OCTETS[octet];
  return key;
}

function networkOf(address: Address, length: number): string {
  const kind = address.kind() === 'ipv4' ? ipaddr.IPv4 : ipaddr.IPv6;
  return spelled(kind.networkAddressFromCIDR(`${address.toString()}/${length}`));
}

function spelled(address: Address): string {
  return address instanceof ipaddr.IPv6 ? address.toRFC5952String() : address.toString();
}
