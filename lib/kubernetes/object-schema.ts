import { NODE_ANNOTATIONS } from './node/node-annotations.ts';

/** A value of the wanted type, or undefined if it is anything else. */
type Read<T> = (value: unknown) => T | undefined;

/** The longest values that Kubernetes allows (apimachinery, `validation.go`), in characters. */
const NAME = 253;
const LABEL = 63;
const KEY = 317;
/** The annotations that are read here are short: a longer one was written by another program. */
const ANNOTATION = 1024;
/** Annotations of network plug-ins are longer on a node with many networks. */
const PUBLISHED = 16_384;
/** No more labels, annotations, addresses or containers of an object are read. */
const MOST = 1024;

const text =
  (most: number): Read<string> =>
  (value) =>
    typeof value === 'string' && value.length <= most ? value : undefined;
const count: Read<number> = (value) =>
  Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : undefined;
const port: Read<number> = (value) => {
  const number = count(value) ?? 0;
  return number >= 1 && number <= 65_535 ? number : undefined;
};
const flag: Read<boolean> = (value) => (typeof value === 'boolean' ? value : undefined);

const list =
  <T>(read: Read<T>): Read<readonly T[]> =>
  (value) =>
    Array.isArray(value)
      ? value
          .slice(0, MOST)
          .map(read)
          .filter((item) => item !== undefined)
      : undefined;

const texts =
  (most: (key: string) => number): Read<{ readonly [key: string]: string }> =>
  (value) => {
    if (!isObject(value)) return undefined;
    const found: { [key: string]: string } = {};
    for (const [key, each] of Object.entries(value).slice(0, MOST)) {
      const kept = key.length <= KEY && key !== '__proto__' ? text(most(key))(each) : undefined;
      if (kept !== undefined) found[key] = kept;
    }
    return found;
  };

function objectWith<T extends { readonly [key: string]: Read<unknown> }>(fields: T) {
  type Fields = { readonly [key in keyof T]?: NonNullable<ReturnType<T[key]>> };
  const entries = Object.entries(fields);
  return (value: unknown): Fields | undefined => {
    if (!isObject(value)) return undefined;
    const found: { [key: string]: unknown } = {};
    for (const [key, read] of entries) {
      const kept = Object.hasOwn(value, key) ? read(value[key]) : undefined;
      if (kept !== undefined) found[key] = kept;
    }
    return found as Fields;
  };
}

const name = text(NAME);
const address = text(LABEL);
const time = text(LABEL);
const protocol = text(LABEL);
const containers = list(
  objectWith({ ports: list(objectWith({ protocol, containerPort: port, hostPort: port })) }),
);
const started = objectWith({ startedAt: time });
const containerStatuses = list(
  objectWith({ state: objectWith({ running: started, terminated: started }) }),
);

const read = objectWith({
  metadata: objectWith({
    uid: text(128),
    name,
    namespace: text(LABEL),
    resourceVersion: text(128),
    /** Of a list that was asked for in parts: the objects after this part. */
    remainingItemCount: count,
    creationTimestamp: time,
    deletionTimestamp: time,
    labels: texts(() => LABEL),
    annotations: texts((key) => (NODE_ANNOTATIONS.has(key) ? PUBLISHED : ANNOTATION)),
    ownerReferences: list(objectWith({ kind: text(LABEL), name, controller: flag })),
  }),
  spec: objectWith({
    nodeName: name,
    hostNetwork: flag,
    clusterIP: address,
    clusterIPs: list(address),
    externalIPs: list(address),
    podCIDR: address,
    podCIDRs: list(address),
    ports: list(objectWith({ protocol, port, targetPort: port, nodePort: port })),
    containers,
    initContainers: containers,
  }),
  status: objectWith({
    phase: text(LABEL),
    startTime: time,
    containerStatuses,
    initContainerStatuses: containerStatuses,
    podIP: address,
    podIPs: list(objectWith({ ip: address })),
    addresses: list(objectWith({ type: text(LABEL), address: name })),
    loadBalancer: objectWith({ ingress: list(objectWith({ ip: address })) }),
  }),
});

/** The parts of a Kubernetes object that are read; any of them may be absent. */
export type KubernetesObject = NonNullable<ReturnType<typeof read>>;

/**
 * The parts of an API object that are read, as far as Kubernetes allows them: a value of another
 * type, or a longer one, is left out. Never throws.
 */
export function objectOf(value: unknown): KubernetesObject {
  return read(value) ?? {};
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
