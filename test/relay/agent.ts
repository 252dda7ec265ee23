import type { ApiClient } from '../../lib/kubernetes/client/client.ts';
import { podRecord } from '../../lib/kubernetes/records.ts';
import { reflect } from '../../lib/kubernetes/reflector.ts';
import { Sync } from '../../lib/kubernetes/sync.ts';
import { Directory } from '../../lib/naming/directory.ts';

/** An agent that follows pods through a client, and names addresses by them. */
export class Agent {
  readonly directory = new Directory();
  readonly sync = new Sync(['pods']);
  readonly failures: string[] = [];
  lists = 0;
  readonly #stop = new AbortController();
  readonly #followed: Promise<void>;

  constructor(client: ApiClient) {
    this.#followed = this.#follow(client);
  }

  /** The name of the pod that has an address now. */
  nameOf(address: string): string {
    return this.directory.peer(address, Date.now(), Date.now()).name;
  }

  /** Names are certain, as far as the agent knows. */
  get isCertain(): boolean {
    return this.sync.since < Infinity;
  }

  async end(): Promise<void> {
    this.#stop.abort();
    await this.#followed;
  }

  async #follow(client: ApiClient): Promise<void> {
    const changes = reflect({
      client,
      path: '/api/v1/pods',
      project: podRecord,
      signal: this.#stop.signal,
      following: (yes) => this.sync.following('pods', yes, client.beat),
      heard: () => this.sync.heard('pods'),
      failed: (error) => {
        this.sync.failed('pods', error);
        this.failures.push(String(error));
      },
    });
    for await (const change of changes) {
      const now = Date.now();
      if (change.type === 'replace') {
        this.lists += 1;
        this.directory.replace('pod', change.objects, now);
        this.sync.listed('pods');
      } else if (change.type === 'put') this.directory.put(change.object, now);
      else this.directory.remove(change.object, now);
    }
  }
}
