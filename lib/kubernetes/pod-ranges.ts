import { firstAddresses, ranges } from './address.ts';
import type { Owner } from './records.ts';

/** The nodes' ranges out of which pods get their addresses. */
export class PodRanges {
  readonly #contains: (address: string) => boolean;
  readonly #nodes = new Map<string, Owner>();

  constructor(nodes: Iterable<Owner>) {
    const cidrs: string[] = [];
    for (const node of nodes) {
      for (const cidr of node.podCidrs) {
        cidrs.push(cidr);
        for (const address of firstAddresses(cidr)) this.#nodes.set(address, node);
      }
    }
    this.#contains = ranges(cidrs);
  }

  contains(address: string): boolean {
    return this.#contains(address);
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
