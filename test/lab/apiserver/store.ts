import { randomUUID } from 'node:crypto';

import { atVersion, frozen, key, type KubernetesObject, type StoredObject } from './object.ts';

export type Resource = 'pods' | 'services' | 'nodes' | 'namespaces';

/** One write. A DELETED one carries the last state under a new resourceVersion. */
export interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly version: number;
  readonly object: StoredObject;
  readonly previous?: StoredObject;
}

export type Listener = (change: Change) => void;

/** What etcd and the watch cache are to an API server: objects, one version counter, history. */
export class Store {
  #version = 1;
  #compacted = 1;
  readonly #shelves: Readonly<Record<Resource, Shelf>> = {
    pods: shelf(),
    services: shelf(),
    nodes: shelf(),
    namespaces: shelf(),
  };

  /** The version of the last write, of whatever resource. */
  get version(): number {
    return this.#version;
  }

  /** History before this version is forgotten. */
  get compacted(): number {
    return this.#compacted;
  }

  /** The version of the last write to this resource, which is what its watch cache knows. */
  versionOf(resource: Resource): number {
    return this.#shelves[resource].changes.at(-1)?.version ?? this.#compacted;
  }

  /** Creates or updates. Another uid under a name that is taken is a deletion and a creation. */
  put(resource: Resource, object: KubernetesObject): StoredObject {
    const { name, namespace, uid } = object.metadata;
    const found = this.get(resource, name, namespace);
    if (found && uid !== undefined && uid !== found.metadata.uid) {
      this.remove(resource, name, namespace);
      return this.put(resource, object);
    }
    const { kind: _, apiVersion: __, metadata, ...rest } = object;
    const stored = frozen({
      metadata: {
        ...metadata,
        uid: uid ?? found?.metadata.uid ?? randomUUID(),
        resourceVersion: String(++this.#version),
        creationTimestamp: metadata.creationTimestamp ?? found?.metadata.creationTimestamp ?? now(),
      },
      ...rest,
    });
    this.#shelves[resource].objects.set(key(name, namespace), stored);
    const change = { version: this.#version, object: stored };
    this.#publish(
      resource,
      found ? { ...change, type: 'MODIFIED', previous: found } : { ...change, type: 'ADDED' },
    );
    return stored;
  }

  /** Deletes at once, as the end of a grace period does. */
  remove(resource: Resource, name: string, namespace?: string): StoredObject | undefined {
    const previous = this.get(resource, name, namespace);
    if (!previous) return undefined;
    this.#shelves[resource].objects.delete(key(name, namespace));
    const object = frozen(atVersion(previous, ++this.#version));
    this.#publish(resource, { type: 'DELETED', version: this.#version, object, previous });
    return object;
  }

  get(resource: Resource, name: string, namespace?: string): StoredObject | undefined {
    return this.#shelves[resource].objects.get(key(name, namespace));
  }

  /** Objects by namespace and name. */
  list(resource: Resource): readonly StoredObject[] {
    const shelf = this.#shelves[resource];
    return (shelf.sorted ??= sorted(shelf.objects));
  }

  /** The remembered writes after a version, oldest first. */
  since(resource: Resource, version: number): readonly Change[] {
    const { changes } = this.#shelves[resource];
    return changes.slice(changes.findLastIndex((change) => change.version <= version) + 1);
  }

  /** Calls back with every write from now on; returns what ends that. */
  subscribe(resource: Resource, listener: Listener): () => void {
    const { listeners } = this.#shelves[resource];
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** Moves the counter on, as writes to resources that nobody looks at here do. */
  advance(version: number): void {
    this.#version = Math.max(this.#version, version);
  }

  /**
   * What a new API server does: it writes its own leases and endpoints, and its watch cache begins after
   * these, so that of every version before it is 410. v1.36/after-restart-*: 7883 was the last one before
   * it, 7909 the first that was known.
   */
  restart(): void {
    this.advance(this.#version + 26);
    this.compact();
  }

  /** Forgets history, as a compaction does: older versions are 410. */
  compact(): void {
    this.#compacted = this.#version;
    for (const { changes } of Object.values(this.#shelves)) changes.length = 0;
  }

  #publish(resource: Resource, change: Change): void {
    const shelf = this.#shelves[resource];
    const { changes, listeners } = shelf;
    shelf.sorted = undefined;
    changes.push(change);
    for (const listener of listeners) listener(change);
  }
}

interface Shelf {
  readonly objects: Map<string, StoredObject>;
  /** The objects in the order of a list, until the next write. */
  sorted: readonly StoredObject[] | undefined;
  readonly changes: Change[];
  readonly listeners: Set<Listener>;
}

function shelf(): Shelf {
  return { objects: new Map(), sorted: undefined, changes: [], listeners: new Set() };
}

function sorted(objects: ReadonlyMap<string, StoredObject>): readonly StoredObject[] {
  return [...objects].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
}

function now(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, 'Z');
}
