import type { Peer } from '../model.ts';
import { externalNetwork, ranges } from './address.ts';
import type { Owner } from './records.ts';

/** Where two kinds of object have the same address, the first of these is its name. */
const PRECEDENCE: readonly Owner['kind'][] = ['node', 'service', 'pod'];

/** Who has which address: pods, services and nodes of the cluster, as they are now. */
export class Directory {
  readonly #records = new Map<string, Owner>();
  readonly #owners = new Map<string, Owner[]>();
  readonly #nodes = new Map<string, Owner>();
  readonly #rawUntilListed: boolean;
  #listed = false;
  #inCluster: ((address: string) => boolean) | undefined;

  /** `rawUntilListed`: while no pods are known, outside addresses are their own names. */
  constructor({ rawUntilListed = false }: { readonly rawUntilListed?: boolean } = {}) {
    this.#rawUntilListed = rawUntilListed;
  }

  /** The number of addresses with an owner. */
  get size(): number {
    return this.#owners.size;
  }

  put(record: Owner): void {
    this.remove(record);
    this.#records.set(key(record), record);
    for (const ip of record.ips) this.#owners.set(ip, [...(this.#owners.get(ip) ?? []), record]);
    if (record.kind !== 'node') return;
    this.#nodes.set(record.name, record);
    this.#inCluster = undefined;
  }

  remove({ kind, uid }: Pick<Owner, 'kind' | 'uid'>): void {
    const old = this.#records.get(key({ kind, uid }));
    if (!old) return;
    this.#records.delete(key(old));
    for (const ip of old.ips) {
      const others = this.#owners.get(ip)?.filter((owner) => owner !== old) ?? [];
      if (others.length > 0) this.#owners.set(ip, others);
      else this.#owners.delete(ip);
    }
    if (this.#nodes.get(old.name) === old) this.#nodes.delete(old.name);
    this.#inCluster = undefined;
  }

  /** Makes the objects of one kind these and no others. */
  replace(kind: Owner['kind'], records: readonly Owner[]): void {
    this.#listed ||= kind === 'pod';
    const kept = new Set(records.map(({ uid }) => uid));
    for (const old of this.#records.values()) {
      if (old.kind === kind && !kept.has(old.uid)) this.remove(old);
    }
    for (const record of records) this.put(record);
  }

  /** The zone of a node, `-` if it has none. */
  zoneOf(node: string): string {
    return this.#nodes.get(node)?.zone || '-';
  }

  /** Names an address in canonical spelling. */
  peer(address: string): Peer {
    const owners = this.#owners.get(address) ?? [];
    for (const kind of PRECEDENCE) {
      const [owner, rival] = owners.filter((candidate) => candidate.kind === kind);
      if (owner) return rival ? nameless('unknown', '-') : this.#named(owner);
    }
    if (this.#rawUntilListed && !this.#listed) return nameless('external', address);
    this.#inCluster ??= ranges([...this.#nodes.values()].flatMap(({ podCidrs }) => podCidrs));
    return this.#inCluster(address)
      ? nameless('unknown', '-')
      : nameless('external', externalNetwork(address));
  }

  #named(owner: Owner): Peer {
    return {
      kind: owner.kind,
      namespace: owner.namespace || '-',
      name: owner.name || '-',
      workload: owner.workload || '-',
      zone: owner.kind === 'node' ? owner.zone || '-' : this.zoneOf(owner.node),
    };
  }
}

/** A peer that is no object of the cluster. */
export function nameless(kind: Peer['kind'], name: string): Peer {
  return { kind, namespace: '-', name, workload: '-', zone: '-' };
}

function key({ kind, uid }: Pick<Owner, 'kind' | 'uid'>): string {
  return `${kind} ${uid}`;
}
