import { firstAddresses } from '../ip-address.ts';
import type { Owner } from '../kubernetes/records.ts';

/**
 * Why an owner has an address, the strongest claim first: the API server reports it of the node, the service or the pod;
 * the node's network plug-in has published it; or many plug-ins give it to the node: of a node's pod range the first
 * address is the bridge's or gateway's (CNI's host-local, Antrea, kube-router), the one before it flannel's tunnel's.
 */
export const CLAIMS = ['node', 'service', 'pod', 'plugin', 'range'] as const;
export type Claim = (typeof CLAIMS)[number];

/**
 * Whether several owners can share an address for good: services share a load balancer's or an external IP, on different
 * ports; nodes share a NAT's or a virtual IP. Pods do not: theirs is one address in two networks, or it changes hands.
 */
export function canShare(claim: Claim): boolean {
  return claim === 'node' || claim === 'service';
}

/** Whether a claim can be out of date, or wrong: an owner in the API disproves it. */
export function isWeak(claim: Claim): boolean {
  return claim === 'plugin' || claim === 'range';
}

/** The addresses of an owner, each with the strongest of its claims. */
export function claimsOf({ kind, ips, pluginIps, podCidrs }: Owner): ReadonlyMap<string, Claim> {
  const claims = new Map<string, Claim>(ips.map((ip) => [ip, kind]));
  const add = (ip: string, claim: Claim) => claims.has(ip) || claims.set(ip, claim);
  for (const ip of pluginIps ?? []) add(ip, 'plugin');
  for (const cidr of podCidrs) for (const ip of firstAddresses(cidr)) add(ip, 'range');
  return claims;
}
