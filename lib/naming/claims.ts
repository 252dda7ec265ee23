import { firstAddresses } from '../ip-address.ts';
import type { Owner } from '../kubernetes/records.ts';

/**
 * By what an owner has an address: the API tells it of the node, the service or the pod; or the
 * node's network plug-in has published it; or it is where many plug-ins have one of the node's own
 * in its pod range: the first address is that of the bridge or gateway (CNI's host-local, Antrea,
 * kube-router), the one before it that of flannel's tunnel. Of several at once the first is the name.
 */
export const CLAIMS = ['node', 'service', 'pod', 'plugin', 'range'] as const;
export type Claim = (typeof CLAIMS)[number];

/**
 * Several owners of one kind can share an address for good: services that of a load balancer or an
 * external IP, on different ports; nodes that of a NAT or a virtual IP. Pods cannot: what looks so is
 * one address in two networks, or one that changes hands. Nor are nodes known to share others.
 */
export function canShare(claim: Claim): boolean {
  return claim === 'node' || claim === 'service';
}

/** Whether it can be out of date, or wrong, while it stands: an owner in the API disproves it. */
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
