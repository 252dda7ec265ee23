export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string | undefined;
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly creationTimestamp?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/** An object as somebody sends it: `kind` and `apiVersion` are not needed. */
export interface KubernetesObject {
  readonly kind?: string | undefined;
  readonly apiVersion?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly spec?: object | undefined;
  readonly status?: object | undefined;
}

/** An object as the store has it: deeply frozen, its identity and version assigned. */
export interface StoredObject extends KubernetesObject {
  readonly metadata: ObjectMeta & {
    readonly uid: string;
    readonly resourceVersion: string;
    readonly creationTimestamp: string;
  };
}

/** The same state under another version: what a watch shows of an object that is gone. */
export function atVersion(object: StoredObject, version: number): StoredObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
}

/** Where etcd keeps an object, and so the order of a list. */
export function keyOf({ metadata }: KubernetesObject): string {
  return key(metadata.name, metadata.namespace);
}

/** Where an object of this name is kept. */
export function key(name: string, namespace?: string): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** A copy of plain data that nobody can change, not even in its depths. */
export function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return Object.freeze(value.map(frozen)) as T;
  const copy: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(value)) copy[name] = frozen(field);
  return Object.freeze(copy) as T;
}
