import { ApiError } from '../lib/kubernetes/client.ts';

interface State {
  listed: boolean;
  /** When its changes began to come as they happen; undefined while they do not. */
  since: number | undefined;
  /** We may not list it, so it is not waited for. */
  denied: boolean;
  /** It is not waited for any more. */
  excused: boolean;
}

/** It names nobody: windows wait until it has been listed once, and then go on without it. */
const NAMELESS = 'namespaces';

/** How far what we know of the cluster can be trusted: one state for each followed resource. */
export class Sync {
  readonly #states: ReadonlyMap<string, State>;

  constructor(resources: readonly string[]) {
    const nothing: State = { listed: false, since: undefined, denied: false, excused: false };
    this.#states = new Map(resources.map((resource) => [resource, { ...nothing }]));
  }

  listed(resource: string): void {
    this.#update(resource, { listed: true, denied: false });
  }

  following(resource: string, yes: boolean): void {
    this.#update(resource, { since: yes ? Date.now() : undefined });
  }

  failed(resource: string, error: unknown): void {
    const denied = error instanceof ApiError && error.status === 403;
    if (denied) this.#update(resource, { denied });
  }

  /** Windows have waited for it for long enough. */
  excuse(resource: string): void {
    this.#update(resource, { excused: true });
  }

  /** The resources that we may not list. */
  get denied(): string[] {
    return [...this.#states].filter(([, { denied }]) => denied).map(([resource]) => resource);
  }

  /** Since when every change is heard of as it happens; Infinity while some may not be. */
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
