import { canonicalSet, firstAddresses, isUnicast } from '../../ip-address.ts';
import { NODE_ANNOTATIONS, OVN_HYBRID_OVERLAY } from './node-annotations.ts';
import { parsePrefix } from '../../prefix-table.ts';

/** No more addresses, or ranges, of one node are kept. */
const MOST = 256;
/** The deepest value: a list in an object in a list, as for Calico's interfaces. */
const DEEPEST = 4;

/**
 * What network plug-ins have published in a node's annotations: the node's own `addresses`, in canonical spelling, and the
 * `ranges` from which its pods get theirs. A value that cannot be read is left out; never throws.
 */
export function publishedOf(annotations: { readonly [key: string]: string }) {
  const addresses: string[] = [];
  const ranges: string[] = [];
  for (const [key, text] of Object.entries(annotations)) {
    const holds = NODE_ANNOTATIONS.get(key);
    if (!holds) continue;
    const values = valuesIn(text).slice(0, MOST);
    if (holds === 'addresses') addresses.push(...values.map((value) => value.replace(/\/.*/, '')));
    else ranges.push(...values.filter((value) => parsePrefix(value)));
    if (holds === 'ovn-subnets') {
      addresses.push(...values.flatMap((subnet) => firstAddresses(subnet, ovnHosts(annotations))));
    }
  }
  return {
    addresses: canonicalSet(addresses.slice(0, MOST)).filter(isUnicast),
    ranges: [...new Set(ranges.slice(0, MOST))],
  };
}

/**
 * Which addresses of its subnet are the node's: the router's port, the management port and, where
 * there is one, the hybrid overlay's (OVN-Kubernetes, go-controller/pkg/util/net.go).
 */
function ovnHosts(annotations: { readonly [key: string]: string }): readonly number[] {
  const { mac, address } = OVN_HYBRID_OVERLAY;
  return annotations[mac] && !annotations[address] ? [1, 2, 3] : [1, 2];
}

/** The words of a plain list, or those of a JSON value without the keys of its objects. */
function valuesIn(text: string): string[] {
  if (!/^\s*["[{]/.test(text)) return words(text);
  try {
    return textsIn(JSON.parse(text), DEEPEST).flatMap(words);
  } catch {
    return [];
  }
}

function words(plain: string): string[] {
  return plain.split(/[\s,]+/).filter((word) => word !== '');
}

function textsIn(value: unknown, depth: number): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null || depth === 0) return [];
  return Object.values(value).flatMap((each) => textsIn(each, depth - 1));
}
