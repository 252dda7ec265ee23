import { firstAddresses } from './address.ts';
import { PrefixTable } from './prefixes.ts';
import type { Owner } from './records.ts';

/** The nodes' ranges out of which pods get their addresses. */
export class PodRanges {
  readonly #ranges = new PrefixTable<true>();
  readonly #nodes = new Map<string, Owner>();

  /** A range that cannot be read is left out. */
  constructor(nodes: Iterable<Owner>) {
    for (const node of nodes) {
      for (const cidr of node.podCidrs) {
        if (!this.#ranges.set(cidr, true)) continue;
        for (const address of firstAddresses(cidr)) this.#nodes.set(address, node);
      }
    }
  }

  contains(address: string): boolean {
    return this.#ranges.match(address) !== undefined;
  }

  /**
   * The node that has an address in its own range: the first one is that of its bridge, from which
   * the kubelet probes (CNI's host-local, `gateway`), and the one before it that of flannel's
   * tunnel. Neither is in the API.
   */
  nodeAt(address: string): Owner | undefined {
    return this.#nodes.get(address);
  }
}
