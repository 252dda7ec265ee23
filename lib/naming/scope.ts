import { isPublic } from '../ip-address.ts';
import type { Scope } from '../model.ts';

/** Where something is, by the labels of its node. What is not known is empty. */
export interface Place {
  readonly node: string;
  readonly zone: string;
  readonly region: string;
}

/** The way between two places of the cluster, or of a cloud that has its zones and regions. */
export function scopeBetween(a: Place, b: Place): Scope {
  // Whatever its zone is called.
  if (a.node && a.node === b.node) return 'zone';
  if (a.region && b.region && a.region !== b.region) return 'cross-region';
  if (!a.zone || !b.zone) return '-';
  return a.zone === b.zone ? 'zone' : 'cross-zone';
}

/** The way to an address outside the cluster. */
export function scopeOutside(address: string): Scope {
  return isPublic(address) ? 'internet' : 'private';
}
