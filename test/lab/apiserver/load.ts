import type { StoredObject } from './object.ts';
import type { List, WatchEvent } from './recording.ts';
import type { Resource, Store } from './store.ts';

/** Brings a store to the state of a recorded list, resourceVersions included. */
export function load(store: Store, resource: Resource, { metadata, items }: List): void {
  for (const item of [...items].sort((a, b) => version(a) - version(b))) {
    store.advance(version(item) - 1);
    store.put(resource, item);
  }
  // What moved the version of the list beyond its items has been deleted since.
  store.advance(Number(metadata.resourceVersion) - 2);
  const gone = store.put(resource, { metadata: { name: 'gone', namespace: 'demo' } });
  store.remove(resource, gone.metadata.name, gone.metadata.namespace);
}

/** Does again what was recorded, resourceVersions included. */
export function replay(store: Store, resource: Resource, { type, object }: WatchEvent): void {
  const { name, namespace, resourceVersion } = object.metadata;
  store.advance(Number(resourceVersion) - 1);
  if (type === 'DELETED') store.remove(resource, name, namespace);
  else store.put(resource, object);
}

function version({ metadata }: StoredObject): number {
  return Number(metadata.resourceVersion);
}
