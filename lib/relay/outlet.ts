import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';

export type Request = IncomingMessage | Http2ServerRequest;
type Response = ServerResponse | Http2ServerResponse;

/**
 * Bytes. What is large goes out in pieces, each when the one before is taken: a TLS connection keeps a buffer as large as its
 * largest write for as long as it lasts. A piece and the head of its frame are one record of TLS.
 */
const PIECE = 15 * 1024;
/** Milliseconds for the client to take one. */
export const PATIENCE = 30_000;

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

  /** The same for all answers that share a connection. */
  get connection(): object {
    const response = this.#response;
    return ('stream' in response && response.stream?.session) || response;
  }

  begin(status: number, headers: { readonly [name: string]: string }): void {
    // The two kinds of response have the same methods, of different types.
    (this.#response as ServerResponse).writeHead(status, headers);
    // The head of a watch goes out before there is an event.
    if ('flushHeaders' in this.#response) this.#response.flushHeaders();
  }

  /** The client has not taken yet what was sent. */
  get isBehind(): boolean {
    return this.#response.writableLength > 0;
  }

  /** For what is small, and for a client that is not behind. */
  write(bytes: Buffer): void {
    if (this.isOver) return;
    this.#sent(bytes.length);
    (this.#response as ServerResponse).write(bytes);
  }

  /** Resolves when the client has taken all of it, or has gone: to false if it takes nothing. */
  async send(bytes: Buffer): Promise<boolean> {
    for (let at = 0; at < bytes.length && !this.isOver; at += PIECE)
      if (!(await this.#taken(bytes.subarray(at, at + PIECE)))) return false;
    return true;
  }

  /** A client that does not take the end of the answer is cut off. */
  async finish(body: Buffer = Buffer.alloc(0)): Promise<void> {
    if (!(await this.send(body))) this.drop();
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

  async #taken(piece: Buffer): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const late = setTimeout(() => resolve(this.isOver), this.#patience).unref();
    this.#sent(piece.length);
    // Of a client that goes, the callback is told as well.
    (this.#response as ServerResponse).write(piece, () => resolve(true));
    const isTaken = await promise;
    clearTimeout(late);
    return isTaken;
  }
}
