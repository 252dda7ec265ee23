import { NODE_ANNOTATIONS } from './node/node-annotations.ts';
import type { KubernetesObject } from './records.ts';

/** A value as it is wanted, or undefined if it is anything else. */
type Read<T> = (value: unknown) => T | undefined;

/** Of Kubernetes' own limits (apimachinery, `validation.go`), the longest of each sort. */
const NAME = 253;
const LABEL = 63;
const KEY = 317;
/** Those that are read here are short: a longer annotation is another program's. */
const ANNOTATION = 1024;
/** With many networks on a node what their plug-ins publish of it is longer. */
const PUBLISHED = 16_384;
/** Labels, annotations, addresses, containers: more of them are not read. */
const MOST = 1024;

const text =
  (most: number): Read<string> =>
  (value) =>
    typeof value === 'string' && value.length <= most ? value : undefined;
const count: Read<number> = (value) =>
  Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : undefined;
const flag: Read<boolean> = (value) => (typeof value === 'boolean' ? value : undefined);

const list =
  <T>(read: Read<T>): Read<T[]> =>
  (value) =>
    Array.isArray(value)
      ? value
          .slice(0, MOST)
          .map(read)
          .filter((item) => item !== undefined)
      : undefined;

const texts =
  (most: (key: string) => number): Read<{ [key: string]: string }> =>
  (value) => {
    if (!isObject(value)) return undefined;
    const found: { [key: string]: string } = {};
    for (const [key, each] of Object.entries(value).slice(0, MOST)) {
      const kept = key.length <= KEY && key !== '__proto__' ? text(most(key))(each) : undefined;
      if (kept !== undefined) found[key] = kept;
    }
    return found;
  };

function shape<T extends { readonly [key: string]: Read<unknown> }>(fields: T) {
  type Shape = { [key in keyof T]?: NonNullable<ReturnType<T[key]>> };
  const entries = Object.entries(fields);
  return (value: unknown): Shape | undefined => {
    if (!isObject(value)) return undefined;
    const found: { [key: string]: unknown } = {};
    for (const [key, read] of entries) {
      const kept = Object.hasOwn(value, key) ? read(value[key]) : undefined;
      if (kept !== undefined) found[key] = kept;
    }
    return found as Shape;
  };
}

const name = text(NAME);
const address = text(LABEL);
const time = text(LABEL);
const started = shape({ startedAt: time });
const containers = list(shape({ state: shape({ running: started, terminated: started }) }));

const read: Read<KubernetesObject> = shape({
  metadata: shape({
    uid: text(128),
    name,
    namespace: text(LABEL),
    resourceVersion: text(128),
    remainingItemCount: count,
    creationTimestamp: time,
    deletionTimestamp: time,
    labels: texts(() => LABEL),
    annotations: texts((key) => (NODE_ANNOTATIONS.has(key) ? PUBLISHED : ANNOTATION)),
    ownerReferences: list(shape({ kind: text(LABEL), name, controller: flag })),
  }),
  spec: shape({
    nodeName: name,
    hostNetwork: flag,
    clusterIP: address,
    clusterIPs: list(address),
    externalIPs: list(address),
    podCIDR: address,
    podCIDRs: list(address),
  }),
  status: shape({
    phase: text(LABEL),
    startTime: time,
    containerStatuses: containers,
    initContainerStatuses: containers,
    podIP: address,
    podIPs: list(shape({ ip: address })),
    addresses: list(shape({ type: text(LABEL), address: name })),
    loadBalancer: shape({ ingress: list(shape({ ip: address })) }),
  }),
});

/**
 * What is read of an object of the API, as far as it is what Kubernetes allows: anything of another
 * type, or longer, is as if it were not there. Never throws.
 */
export function objectOf(value: unknown): KubernetesObject {
  return read(value) ?? {};
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
