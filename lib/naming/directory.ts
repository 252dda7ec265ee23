import type { Peer, Scope } from '../model.ts';
import { externalNetwork, isPrivate } from '../ip-address.ts';
import { claimsOf } from './claims.ts';
import { holderOf } from './holder.ts';
import type { Network } from './networks.ts';
import { PrefixTable } from '../prefix-table.ts';
import type { Owner } from '../kubernetes/records.ts';
import { type Place, scopeBetween, scopeOutside } from './scope.ts';
import { type Tenure, Tenures } from './tenures.ts';

/** Nodes, pods and services. */
const KINDS = 3;

/**
 * A pod that is deleted by force is gone from the API at once, and its containers run on for as long
 * as their grace period, by default 30 s (its last state says `running`; that of others does not).
 */
const LINGER = 30_000;

/** Milliseconds: times of the API are whole seconds, rounded down, by clocks that may be a second apart. */
const CLOCKS = 2000;

export interface DirectoryOptions {
  /** The name of the agent's own node: bytes go to a peer from there. */
  readonly node?: string;
  /** While no pods are known, addresses without an owner are their own names. */
  readonly rawUntilListed?: boolean;
  /** The configured network of an address outside the cluster. */
  readonly networkOf?: (address: string) => Network | undefined;
}

/** A tenure with its address, as it is kept for a later process. */
export interface OwnedAddress extends Readonly<Tenure> {
  readonly address: string;
}

/**
 * Which pod, service or node had which address when. An owner has an address from the earliest moment that the API allows
 * for until the API server reports that it is gone. So owners may overlap here that never did, but none is taken for
 * another.
 */
export class Directory {
  readonly #options: DirectoryOptions;
  readonly #owners = { pod: new Map(), service: new Map(), node: new Map() } as {
    readonly [kind in Owner['kind']]: Map<string, Owner>;
  };
  readonly #tenures = new Tenures();
  readonly #nodesByName = new Map<string, Owner>();
  readonly #listed = new Set<Owner['kind']>();
  /** The nodes' pod ranges; undefined until they are needed. */
  #podRanges: PrefixTable<true> | undefined;
  /** The peers that owners are, while they are. */
  readonly #peers = new WeakMap<Owner, Peer>();
  #ambiguous = 0;

  constructor(options: DirectoryOptions = {}) {
    this.#options = options;
  }

  /** The number of addresses that have an owner, or had one not long ago. */
  get size(): number {
    return this.#tenures.size;
  }

  /** How many objects that have addresses are known, by their kind. */
  get sizes(): { readonly [kind in Owner['kind']]: number } {
    const { pod, service, node } = this.#owners;
    return { pod: pod.size, service: service.size, node: node.size };
  }

  /** How often an address could not be named because two had it in the time in question. */
  get ambiguous(): number {
    return this.#ambiguous;
  }

  /** An object is new, or has changed; `at` is when the API server reported it. */
  put(owner: Owner, at: number): void {
    const owners = this.#owners[owner.kind];
    const old = owners.get(owner.uid);
    const claims = claimsOf(owner);
    for (const [ip, claim] of old ? claimsOf(old) : []) {
      if (claims.get(ip) !== claim) this.#tenures.end(ip, owner, at);
    }
    const from = Math.min(at, owner.since);
    const by = Math.min(at, Math.max(owner.started, owner.since) + CLOCKS);
    for (const [ip, claim] of claims) this.#tenures.begin(ip, owner, claim, from, by);
    if (owner.kind === 'node') this.#nodesByName.set(owner.name, owner);
    if (owner.podCidrs.join() !== (old?.podCidrs.join() ?? '')) this.#podRanges = undefined;
    // Pods that have ended are many, and have no address.
    if (owner.ips.length > 0 || owner.kind === 'node') owners.set(owner.uid, owner);
    else owners.delete(owner.uid);
  }

  /** An object is gone; `at` is when the API server reported it, `running` whether a pod ran by its last state. */
  remove({ kind, uid, running }: Pick<Owner, 'kind' | 'uid' | 'running'>, at: number): void {
    const old = this.#owners[kind].get(uid);
    if (!old) return;
    this.#owners[kind].delete(uid);
    const end = running ? at + LINGER : at;
    for (const ip of claimsOf(old).keys()) this.#tenures.end(ip, old, end);
    if (this.#nodesByName.get(old.name) === old) this.#nodesByName.delete(old.name);
    if (old.podCidrs.length > 0) this.#podRanges = undefined;
  }

  /** Makes the objects of one kind these and no others. */
  replace(kind: Owner['kind'], owners: readonly Owner[], at: number): void {
    this.#listed.add(kind);
    const kept = new Set(owners.map(({ uid }) => uid));
    for (const old of this.#owners[kind].values()) if (!kept.has(old.uid)) this.remove(old, at);
    for (const owner of owners) this.put(owner, at);
  }

  /**
   * Who had these addresses in a span of time, for a later process. All that happened until `known` has been reported:
   * an owner that has an address now surely had it until then.
   */
  tenures(addresses: Iterable<string>, from: number, to: number, known: number): OwnedAddress[] {
    return [...addresses].flatMap((address) =>
      this.#tenures.during(address, from, to).map((tenure) => {
        const until = tenure.until === Infinity ? known : tenure.until;
        return { ...tenure, address, owner: { ...tenure.owner, ips: [], podCidrs: [] }, until };
      }),
    );
  }

  /** Takes in what an earlier process knew of addresses, whose owners may be gone by now. */
  restore(owned: readonly OwnedAddress[]): void {
    for (const { address, ...tenure } of owned) this.#tenures.restore(address, tenure);
  }

  /** Forgets who had an address only before this moment. */
  forget(before: number): void {
    this.#tenures.forget(before);
  }

  /** Whether there is a node of this name, as far as nodes have been listed. */
  hasNode(name: string): boolean {
    return this.#nodesByName.has(name);
  }

  /** The zone of a node, `-` if it has none. */
  zoneOf(node: string): string {
    return this.#nodesByName.get(node)?.zone || '-';
  }

  /**
   * Names an address in canonical spelling by who had it in a span of time, ends included. Unless it is `certain` that all
   * that happened by then has been reported, pods, whose addresses change hands, are not named.
   */
  peer(address: string, from: number, to: number, certain = true): Peer {
    const peer = this.#peerOf(address, from, to, certain);
    if (peer === undefined) this.#ambiguous += 1;
    return peer ?? UNKNOWN;
  }

  /** The same as far as is known by now, for what is shown and not kept: nothing is counted. */
  peerByNow(address: string, from: number, to: number, certain: boolean): Peer {
    return this.#peerOf(address, from, to, certain) ?? UNKNOWN;
  }

  /** Undefined if several had the address. */
  #peerOf(address: string, from: number, to: number, certain: boolean): Peer | undefined {
    const owner = holderOf(this.#tenures.during(address, from, to), from, to);
    if (owner === 'several') return undefined;
    if (owner) return certain || owner.kind !== 'pod' ? this.#named(owner) : UNKNOWN;
    const { rawUntilListed, networkOf } = this.#options;
    const isRaw = rawUntilListed && !this.#listed.has('pod');
    // A private address may be a pod's.
    if (isRaw) return outside(address, isPrivate(address) ? '-' : scopeOutside(address));
    if (this.#isOfPods(address)) return UNKNOWN;
    const network = networkOf?.(address);
    if (network) return this.#inNetwork(network, address);
    // The address may have an owner that has not been reported yet.
    const isComplete = certain && this.#listed.size === KINDS;
    if (!isComplete && isPrivate(address)) return UNKNOWN;
    return outside(externalNetwork(address), scopeOutside(address));
  }

  /** Whether an address is in a pod range of a node. A range that cannot be read does not count. */
  #isOfPods(address: string): boolean {
    if (!this.#podRanges) {
      this.#podRanges = new PrefixTable();
      for (const { podCidrs } of this.#nodesByName.values()) {
        for (const cidr of podCidrs) this.#podRanges.set(cidr, true);
      }
    }
    return this.#podRanges.match(address) !== undefined;
  }

  /** The same object as long as nothing of it changes. */
  #named(owner: Owner): Peer {
    const known = this.#peers.get(owner);
    const node = owner.kind === 'node' ? owner : this.#nodesByName.get(owner.node);
    const name = owner.kind === 'node' ? owner.name : owner.node;
    const place = { node: name, zone: node?.zone ?? '', region: node?.region ?? '' };
    const zone = place.zone || '-';
    const scope = this.#scopeTo(place);
    if (known?.zone === zone && known.scope === scope) return known;
    const peer: Peer = {
      kind: owner.kind,
      namespace: owner.namespace || '-',
      name: owner.name || '-',
      workload: owner.workload || '-',
      zone,
      scope,
    };
    this.#peers.set(owner, peer);
    return peer;
  }

  #inNetwork({ name, scope, zone = '', region = '' }: Network, address: string): Peer {
    const isPlaced = zone !== '' || region !== '';
    const way = isPlaced ? this.#scopeTo({ node: '', zone, region }) : scopeOutside(address);
    return { ...outside(name, scope ?? way), zone: zone || '-' };
  }

  #scopeTo(place: Place): Scope {
    const { node = '' } = this.#options;
    const { zone = '', region = '' } = this.#nodesByName.get(node) ?? {};
    return scopeBetween({ node, zone, region }, place);
  }
}

/** A peer that is no object of the cluster, and may be anywhere. */
export function nameless(kind: Peer['kind'], name: string): Peer {
  return { kind, namespace: '-', name, workload: '-', zone: '-', scope: '-' };
}

function outside(name: string, scope: Scope): Peer {
  return { ...nameless('external', name), scope };
}

const UNKNOWN = nameless('unknown', '-');
