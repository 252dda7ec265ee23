import { CONDITIONS } from '../conditions.ts';
import type { ProblemLog } from '../model.ts';
import { ApiError } from './client/client.ts';
import { ExpiredError } from './watch.ts';
import { deniedCondition, type Sync } from './sync.ts';

/** What fails within so many milliseconds is one event. */
const GATHER = 1000;
/** To be told to list again twice within so many milliseconds is a trouble, once is none. */
const OFTEN = 60_000;
/** What problems of the whole server are filed under; those of a resource are under its name. */
const SERVER = 'API server';

export interface ApiProblemsOptions {
  readonly problems: ProblemLog;
  readonly sync: Pick<Sync, 'states'>;
  /** What an error of the API server means in a sentence, and what to do about it. */
  readonly explain: (error: unknown) => { readonly what: string; readonly fix: string };
}

/**
 * Says of the API server what an operator needs to know: one line when it is gone, whatever the number of
 * resources that were followed, and a line of its own for a resource that fails while the others go on.
 */
export class ApiProblems {
  readonly #options: ApiProblemsOptions;
  /** What has failed since something was said, and why. */
  readonly #failed = new Map<string, unknown>();
  /** What has failed and is not followed again. */
  readonly #lost = new Set<string>();
  /** When each was told last to list again, by `performance.now()`. */
  readonly #expired = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ApiProblemsOptions) {
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
    this.#options.problems.resolve(resource);
    this.#lost.delete(resource);
    if (this.#lost.size === 0) this.#options.problems.resolve(SERVER);
  }

  #say(): void {
    const { problems, explain } = this.#options;
    this.#timer = undefined;
    const resources = [...this.#failed.keys()];
    const [first = ''] = resources;
    const { what: error, fix } = explain([...this.#failed.values()].at(-1));
    this.#failed.clear();
    if (resources.length === 1 && this.#areFollowedBut(first)) {
      problems.report(first, CONDITIONS.resourceLost, { resource: first, error, fix });
      problems.resolve(SERVER);
    } else {
      problems.report(SERVER, CONDITIONS.apiServerLost, { resources, error, fix });
    }
    // It was only a moment.
    for (const resource of resources) if (!this.#lost.has(resource)) this.followed(resource);
  }

  #areFollowedBut(resource: string): boolean {
    const others = this.#options.sync.states.filter((state) => state.resource !== resource);
    return others.length > 0 && others.every(({ followed, denied }) => followed || denied);
  }

  #sayDenied(resource: string, error: unknown): void {
    const { problems, explain, sync } = this.#options;
    const listed = sync.states.some((state) => state.resource === resource && state.listed);
    const { what, fix } = explain(error);
    problems.report(resource, deniedCondition(resource, listed), { resource, error: what, fix });
  }
}
