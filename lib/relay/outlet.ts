import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';

export type Request = IncomingMessage | Http2ServerRequest;
type Response = ServerResponse | Http2ServerResponse;

/** Bytes. A body goes out in pieces, since all that is handed over is encrypted at once. */
const PIECE = 16 * 1024;
/** Milliseconds for the client to take one. */
const PATIENCE = 30_000;

/** The answer to a request, whatever the protocol, as slow as the client takes it. */
export class Outlet {
  readonly #response: Response;
  readonly #sent: (bytes: number) => void;
  readonly #patience: number;
  readonly #closing = new AbortController();

  /**
   * `sent` is called with the number of bytes that are handed over. `patience`: milliseconds in which the client has to take
   * them.
   */
  constructor(response: Response, sent: (bytes: number) => void, patience = PATIENCE) {
    [this.#response, this.#sent, this.#patience] = [response, sent, patience];
    response.on('error', () => {});
    response.once('close', () => this.#closing.abort());
  }

  /** The answer is complete, or the client has gone. */
  get isOver(): boolean {
    return this.#closing.signal.aborted || this.#response.writableEnded;
  }

  /** Is aborted when the answer is complete or the client has gone. */
  get over(): AbortSignal {
    return this.#closing.signal;
  }

  begin(status: number, headers: { readonly [name: string]: string }): void {
    // The two kinds of response have the same methods, of different types.
    (this.#response as ServerResponse).writeHead(status, headers);
    // The head of a watch goes out before there is an event.
    if ('flushHeaders' in this.#response) this.#response.flushHeaders();
  }

  /** Returns false if the client is behind: wait for `drained`. */
  write(bytes: Buffer): boolean {
    if (this.isOver) return true;
    this.#sent(bytes.length);
    return (this.#response as ServerResponse).write(bytes);
  }

  /** Resolves when the client has taken what was written, or has gone: to false if it takes nothing. */
  async drained(): Promise<boolean> {
    if (this.isOver) return true;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const go = () => resolve(true);
    const late = setTimeout(() => resolve(false), this.#patience).unref();
    this.#response.once('drain', go).once('close', go);
    const isTaken = await promise;
    clearTimeout(late);
    this.#response.off('drain', go).off('close', go);
    return isTaken;
  }

  /** A client that does not take the end of the answer is cut off. */
  async finish(body: Buffer = Buffer.alloc(0)): Promise<void> {
    for (let at = 0; at < body.length && !this.isOver; at += PIECE)
      if (!this.write(body.subarray(at, at + PIECE)) && !(await this.drained())) this.drop();
    if (this.isOver) return;
    const late = setTimeout(() => this.drop(), this.#patience).unref();
    this.over.addEventListener('abort', () => clearTimeout(late));
    this.#response.end();
  }

  /** Cuts the client off. */
  drop(): void {
    this.#closing.abort();
    this.#response.destroy();
  }
}
