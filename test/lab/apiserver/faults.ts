import type { RequestRecord } from './server.ts';
import { type Answer, expired, failed } from './status.ts';

/** What is wrong with an answer that is otherwise served. */
export interface Flaw {
  /** It breaks off after so many bytes of its body, and the connection or stream with it. */
  readonly cutAfter?: number;
  /** Its body trickles, so many bytes per second. */
  readonly rate?: number;
}

/** What happens to a request: served, answered otherwise, its connection reset, or left waiting. */
type Outcome = 'proceed' | 'reset' | 'hang' | Answer | Flaw;

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

/** The answer to a list of a version that is forgotten. */
export const gone: Answer = failed(
  expired('The resourceVersion for the provided list is too old.'),
);
