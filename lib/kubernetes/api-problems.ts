import { CONDITIONS } from '../conditions.ts';
import type { ProblemLog } from '../model.ts';
import { ApiError } from './client/client.ts';
import { ExpiredError } from './expired-error.ts';
import { deniedCondition, type Sync } from './sync.ts';

/** Failures within so many milliseconds are reported as one. */
const GATHER = 1000;
/** A single demand to list again is no problem; a second one within so many milliseconds is. */
const OFTEN = 60_000;
/** The subject of problems of the whole server; the subject of a resource's problem is its name. */
const SERVER = 'API server';

export interface ApiProblemsOptions {
  readonly problems: ProblemLog;
  readonly sync: Pick<Sync, 'states'>;
  /** What an error of the API server means in a sentence, and what to do about it. */
  readonly explain: (error: unknown) => { readonly what: string; readonly fix: string };
}

/**
 * Reports problems with the API server to the operator: one line when the server is gone, whatever the number
 * of resources, and a line of its own for a resource that fails while the others are followed.
 */
export class ApiProblems {
  readonly #options: ApiProblemsOptions;
  /** The resources that have failed since the last report, with the error. */
  readonly #failed = new Map<string, unknown>();
  /** The resources that have failed and are not followed again yet. */
  readonly #lost = new Set<string>();
  /** When each resource last had to be listed again, by `performance.now()`. */
  readonly #expired = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ApiProblemsOptions) {
    this.#options = options;
  }

  failed(resource: string, error: unknown): void {
    const status = error instanceof ApiError ? error.status : undefined;
    if (status === 403) {
      this.#reportDenied(resource, error);
      return;
    }
    if (error instanceof ExpiredError || status === 410) {
      const before = this.#expired.get(resource) ?? -Infinity;
      this.#expired.set(resource, performance.now());
      if (performance.now() - before > OFTEN) return;
    }
    this.#failed.set(resource, error);
    this.#lost.add(resource);
    if (!this.#timer) this.#timer = setTimeout(() => this.#report(), GATHER).unref();
  }

  followed(resource: string): void {
    this.#options.problems.resolve(resource);
    this.#lost.delete(resource);
    if (this.#lost.size === 0) this.#options.problems.resolve(SERVER);
  }

  #report(): void {
    const { problems, explain } = this.#options;
    this.#timer = undefined;
    const resources = [...this.#failed.keys()];
    const [first = ''] = resources;
    const { what: error, fix } = explain([...this.#failed.values()].at(-1));
    this.#failed.clear();
    if (resources.length === 1 && this.#othersAreFollowed(first)) {
      problems.report(first, CONDITIONS.resourceLost, { resource: first, error, fix });
      problems.resolve(SERVER);
    } else {
      problems.report(SERVER, CONDITIONS.apiServerLost, { resources, error, fix });
    }
    // Resources that are followed again by now failed for a moment only.
    for (const resource of resources) if (!this.#lost.has(resource)) this.followed(resource);
  }

  #othersAreFollowed(resource: string): boolean {
    const others = this.#options.sync.states.filter((state) => state.resource !== resource);
    return others.length > 0 && others.every(({ followed, denied }) => followed || denied);
  }

  #reportDenied(resource: string, error: unknown): void {
    const { problems, explain, sync } = this.#options;
    const listed = sync.states.some((state) => state.resource === resource && state.listed);
    const { what, fix } = explain(error);
    problems.report(resource, deniedCondition(resource, listed), { resource, error: what, fix });
  }
}
