import { ApiError } from '../lib/kubernetes/client.ts';

interface State {
  listed: boolean;
  /** When its changes began to come as they happen, by `performance.now()`; undefined while they do not. */
  since: number | undefined;
  /** We may not list it, so it is not waited for. */
  denied: boolean;
  /** It is not waited for any more. */
  excused: boolean;
  /** How often it could not be listed or watched, and was begun again. */
  restarts: number;
  /** When the API server last said something of it, in milliseconds since 1970. */
  heard: number | undefined;
}

/** It names nobody: windows wait until it has been listed once, and then go on without it. */
const NAMELESS = 'namespaces';

/** How far what we know of the cluster can be trusted: one state for each followed resource. */
export class Sync {
  readonly #states: ReadonlyMap<string, State>;

  constructor(resources: readonly string[]) {
    const nothing = { listed: false, since: undefined, denied: false, excused: false, restarts: 0 };
    this.#states = new Map(
      resources.map((resource) => [resource, { ...nothing, heard: undefined }]),
    );
  }

  listed(resource: string): void {
    this.#update(resource, { listed: true, denied: false });
  }

  following(resource: string, yes: boolean): void {
    // After a watch that was denied the next one is resumed, with no list that would tell.
    const granted = yes ? { denied: false } : {};
    this.#update(resource, { since: yes ? performance.now() : undefined, ...granted });
  }

  failed(resource: string, error: unknown): void {
    const denied = error instanceof ApiError && error.status === 403;
    if (denied) this.#update(resource, { denied });
    const state = this.#states.get(resource);
    if (state) state.restarts += 1;
  }

  heard(resource: string): void {
    this.#update(resource, { heard: Date.now() });
  }

  /** Each resource as it stands. */
  get states() {
    return [...this.#states].map(([resource, { since, ...state }]) => {
      return { resource, followed: since !== undefined, ...state };
    });
  }

  /** How often a list or watch has failed. */
  get restarts(): number {
    return this.states.reduce((sum, { restarts }) => sum + restarts, 0);
  }

  /** Windows have waited for it for long enough. */
  excuse(resource: string): void {
    this.#update(resource, { excused: true });
  }

  /** The resources that we may not list. */
  get denied(): string[] {
    return [...this.#states].filter(([, { denied }]) => denied).map(([resource]) => resource);
  }

  /**
   * Since when every change is heard of as it happens, by `performance.now()`; Infinity while some may
   * not be.
   */
  get since(): number {
    const sinces = [...this.#states].map(([resource, { denied, excused, listed, since }]) => {
      const enough = denied || excused || (resource === NAMELESS && listed);
      return enough ? 0 : (since ?? Infinity);
    });
    return Math.max(0, ...sinces);
  }

  /** Everything has been listed once, as far as we may. */
  get complete(): boolean {
    return [...this.#states.values()].every(({ listed, denied }) => listed || denied);
  }

  /** A sentence for each resource. */
  get reasons(): string[] {
    return [...this.#states].map(
      ([resource, state]) => `${resource}: ${sentence(state, withoutThem(resource))}`,
    );
  }

  #update(resource: string, change: Partial<State>): void {
    Object.assign(this.#states.get(resource) ?? {}, change);
  }
}

/** What it means that a resource may not be listed. */
export function withoutThem(resource: string): string {
  return resource === NAMELESS
    ? 'so their annotation nstats/observe has no effect'
    : 'so their names are missing';
}

function sentence({ listed, since, denied }: State, without: string): string {
  if (denied) return `we may not list them (RBAC), ${without}`;
  if (!listed) return 'not listed yet';
  return since === undefined ? 'listed, but not followed at the moment' : 'listed and followed';
}
