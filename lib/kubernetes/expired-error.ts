/** The API server does not know the resource version any more: the resource has to be listed again. */
export class ExpiredError extends Error {
  readonly code = 'ERR_WATCH_EXPIRED';
}
