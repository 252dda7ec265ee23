import { ApiError } from './client/client.ts';
import { ExpiredError } from './watch.ts';
import type { Server } from '../../daemon/check/connection.ts';
import { faultOfApi } from '../../daemon/check/remedies.ts';
import type { Troubles } from '../../daemon/log.ts';
import { type Sync, withoutThem } from './sync.ts';

/** What fails within so many milliseconds is one event. */
const GATHER = 1000;
/** To be told to list again twice within so many milliseconds is a trouble, once is none. */
const OFTEN = 60_000;
/** What troubles of the whole server are filed under; those of a resource are under its name. */
const SERVER = 'API server';

export interface ApiTroublesOptions {
  readonly troubles: Pick<Troubles, 'say' | 'over'>;
  readonly sync: Pick<Sync, 'states'>;
  readonly server: Server;
}

/**
 * Says of the API server what an operator needs to know: one line when it is gone, whatever the number of
 * resources that were followed, and a line of its own for a resource that fails while the others go on.
 */
export class ApiTroubles {
  readonly #options: ApiTroublesOptions;
  /** What has failed since something was said, and why. */
  readonly #failed = new Map<string, unknown>();
  /** What has failed and is not followed again. */
  readonly #lost = new Set<string>();
  /** When each was told last to list again, by `performance.now()`. */
  readonly #expired = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ApiTroublesOptions) {
    this.#options = options;
  }

  failed(resource: string, error: unknown): void {
    const status = error instanceof ApiError ? error.status : undefined;
    if (status === 403) {
      this.#sayDenied(resource, error);
      return;
    }
    if (error instanceof ExpiredError || status === 410) {
      const before = this.#expired.get(resource) ?? -Infinity;
      this.#expired.set(resource, performance.now());
      if (performance.now() - before > OFTEN) return;
    }
    this.#failed.set(resource, error);
    this.#lost.add(resource);
    if (!this.#timer) this.#timer = setTimeout(() => this.#say(), GATHER).unref();
  }

  followed(resource: string): void {
    this.#options.troubles.over(resource);
    this.#lost.delete(resource);
    if (this.#lost.size === 0) this.#options.troubles.over(SERVER);
  }

  #say(): void {
    const { troubles, server } = this.#options;
    this.#timer = undefined;
    const resources = [...this.#failed.keys()];
    const [first = ''] = resources;
    const { what: error, fix } = faultOfApi([...this.#failed.values()].at(-1), server);
    this.#failed.clear();
    if (resources.length === 1 && this.#areFollowedBut(first)) {
      const what = 'a resource of the API server cannot be followed; it is tried again';
      troubles.say(first, what, { resource: first, error, fix });
      troubles.over(SERVER);
    } else {
      const what = 'the API server cannot be followed; it is tried again';
      troubles.say(SERVER, what, { resources, error, fix });
    }
    // It was only a moment.
    for (const resource of resources) if (!this.#lost.has(resource)) this.followed(resource);
  }

  #areFollowedBut(resource: string): boolean {
    const others = this.#options.sync.states.filter((state) => state.resource !== resource);
    return others.length > 0 && others.every(({ followed, denied }) => followed || denied);
  }

  #sayDenied(resource: string, error: unknown): void {
    const { troubles, server, sync } = this.#options;
    const listed = sync.states.some((state) => state.resource === resource && state.listed);
    const what = `the service account may not list and watch them, ${withoutThem(resource, listed)}`;
    const { what: said, fix } = faultOfApi(error, server);
    troubles.say(resource, what, { resource, error: said, fix });
  }
}
