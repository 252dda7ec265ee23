import { type Condition, CONDITIONS, inWords } from '../conditions.ts';
import { ApiError } from './client/client.ts';

interface State {
  listed: boolean;
  /** When changes began to arrive as they happen, by `performance.now()`; undefined while they do not. */
  since: number | undefined;
  /** The service account may not list the resource, so nothing waits for it. */
  denied: boolean;
  /** Nothing waits for the resource any more. */
  excused: boolean;
  /** How often a list or watch has failed and was begun again. */
  restarts: number;
  /** The last failure. */
  error: unknown;
  /** When the API server last sent something of the resource, in milliseconds since 1970. */
  heard: number | undefined;
  /** The same by `performance.now()`. */
  heardAt: number;
  /** Milliseconds after which something is heard at the latest, if the server sees to that. */
  beat: number | undefined;
}

type Named = State & { readonly resource: string };

/** The resource that names no peer: windows wait until it has been listed once, and then go on without it. */
const NAMELESS = 'namespaces';
const LOCAL = 'pods of ';

/** The pods of this node are followed separately: they are few, and are to be found at once. */
export function localSubject(node: string): string {
  return LOCAL + node;
}

/** How current the agent's knowledge of the cluster is: one state for each followed resource. */
export class Sync {
  readonly #states: ReadonlyMap<string, State>;

  constructor(resources: readonly string[]) {
    const nothing = { listed: false, since: undefined, denied: false, excused: false, restarts: 0 };
    this.#states = new Map(
      resources.map((resource) => [
        resource,
        { ...nothing, error: undefined, heard: undefined, heardAt: 0, beat: undefined },
      ]),
    );
  }

  listed(resource: string): void {
    this.#update(resource, { listed: true, denied: false });
  }

  /** `beat`: in so many milliseconds the server says at least that nothing has changed. */
  following(resource: string, yes: boolean, beat?: number): void {
    // The watch after a denied one is resumed without a list, which would show that the right is granted.
    const granted = yes ? { denied: false } : {};
    const now = performance.now();
    this.#update(resource, { since: yes ? now : undefined, heardAt: now, beat, ...granted });
  }

  failed(resource: string, error: unknown): void {
    const denied = error instanceof ApiError && error.status === 403;
    if (denied) this.#update(resource, { denied });
    const state = this.#states.get(resource);
    if (!state) return;
    state.restarts += 1;
    state.error = error;
  }

  heard(resource: string): void {
    this.#update(resource, { heard: Date.now(), heardAt: performance.now() });
  }

  /** The state of each resource. */
  get states() {
    return [...this.#states].map(([resource, state]) => {
      return { resource, followed: state.since !== undefined, ...state };
    });
  }

  /** Windows do not wait for this resource any more. */
  excuse(resource: string): void {
    this.#update(resource, { excused: true });
  }

  /** The resources that the service account may not list. */
  get denied(): string[] {
    return this.states.filter(({ denied }) => denied).map(({ resource }) => resource);
  }

  /**
   * Since when every change that matters for names arrives as it happens, by `performance.now()`;
   * Infinity while some may not.
   */
  get since(): number {
    return Math.max(0, ...this.states.map(namesSince));
  }

  /** The resources that have not been followed since a moment of `performance.now()`, for which its windows wait. */
  lateFor(moment: number): string[] {
    return this.states
      .filter((state) => namesSince(state) > moment)
      .map(({ resource }) => resource);
  }

  /** Everything that the service account may list has been listed once; the pods of the node are required. */
  get complete(): boolean {
    return this.states.every(({ resource, listed, denied }) =>
      denied ? !isLocal(resource) : listed,
    );
  }

  /** A sentence for each resource. */
  get reasons(): string[] {
    return this.states.map((state) => `${state.resource}: ${sentence(state)}`);
  }

  #update(resource: string, change: Partial<State>): void {
    Object.assign(this.#states.get(resource) ?? {}, change);
  }
}

export function isLocal(resource: string): boolean {
  return resource.startsWith(LOCAL);
}

/** So many beats may be missed: the last one was heard after the end of the window that is closed (`GRACE` of its queue). */
const BEATS = 3;

/** Since when, by `performance.now()`, no name depends on what is not known of this resource. */
function namesSince(state: Named): number {
  const { resource, denied, excused, listed, since, beat = Infinity, heardAt } = state;
  if (denied || excused || (resource === NAMELESS && listed)) return 0;
  const isSilent = performance.now() - heardAt > BEATS * beat;
  return isSilent ? Infinity : (since ?? Infinity);
}

/** What it means that a resource may not be listed, or not any more. */
export function deniedCondition(resource: string, listed: boolean): Condition {
  if (isLocal(resource)) return listed ? CONDITIONS.newPodsDenied : CONDITIONS.podsDenied;
  return resource === NAMELESS ? CONDITIONS.annotationsDenied : CONDITIONS.namesDenied;
}

function sentence({ resource, listed, since, denied }: Named): string {
  if (denied) return inWords(deniedCondition(resource, listed));
  if (!listed) return inWords(CONDITIONS.notListed);
  if (since !== undefined) return 'listed and followed';
  const without = resource === NAMELESS ? '; no name depends on it' : '';
  return `listed, but not followed at the moment${without}`;
}
