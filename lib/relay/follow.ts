import type { ApiClient } from '../kubernetes/client/client.ts';
import { reflect } from '../kubernetes/reflector.ts';
import type { Sync } from '../kubernetes/sync.ts';
import type { Log } from '../model.ts';
import type { KubernetesObject } from '../kubernetes/object-schema.ts';
import { Collection } from './collection.ts';
import type { Relay } from './relay.ts';

export interface FollowOptions {
  readonly client: ApiClient;
  readonly relay: Relay;
  readonly sync: Sync;
  readonly signal: AbortSignal;
  readonly log: Log;
  /** Milliseconds without a byte after which an answer is given up. */
  readonly idleTimeout?: number;
  /** Called when a list or watch has failed, and when a resource is followed again. */
  readonly failed: (resource: string, error: unknown) => void;
  readonly followed: (resource: string) => void;
}

/** Follows the API server for a relay, until `signal` is aborted. */
export async function followForRelay(options: FollowOptions): Promise<void> {
  await Promise.all(options.relay.collections.map(async (each) => follow(options, each)));
}

async function follow(options: FollowOptions, collection: Collection): Promise<void> {
  const { client, relay, sync, signal, log, idleTimeout } = options;
  const { resource } = collection;
  const failed = (error: unknown) => {
    sync.failed(resource, error);
    options.failed(resource, error);
  };
  const reflecting = {
    client,
    path: `/api/v1/${resource}`,
    signal,
    failed,
    ...(idleTimeout && { idleTimeout }),
    project: (object: KubernetesObject) => Collection.keep(resource, object),
    following: (yes: boolean) => {
      sync.following(resource, yes);
      relay.following(resource, yes);
      if (yes) options.followed(resource);
    },
    heard: (version: string) => {
      sync.heard(resource);
      collection.advance(version);
    },
  };
  for await (const change of reflect(reflecting)) {
    collection.apply(change);
    relay.changed(resource);
    if (change.type !== 'replace') continue;
    log.debug({ resource, objects: change.objects.length }, 'listed');
    sync.listed(resource);
  }
}
