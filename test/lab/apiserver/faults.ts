import type { RequestRecord } from './server.ts';
import type { Answer } from './status.ts';

/** What happens to a request: served, answered otherwise, its connection reset, or left waiting. */
type Outcome = 'proceed' | 'reset' | 'hang' | Answer;

/** Decides about each request before it is served; a promise delays it. */
export type Fault = (request: RequestRecord) => Outcome | Promise<Outcome>;

/** What priority and fairness says to one request too many: not a Status. */
export const tooManyRequests: Answer = {
  status: 429,
  headers: {
    'Content-Type': 'text/plain; charset=utf-8',
    'Retry-After': '1',
    'X-Content-Type-Options': 'nosniff',
  },
  body: 'Too many requests, please try again later.\n',
};
