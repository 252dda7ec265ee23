import { once } from 'node:events';
import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import { createServer as createPlainServer, type Server } from 'node:http';
import { createSecureServer, type Http2SecureServer } from 'node:http2';
import type { Socket } from 'node:net';
import type { Authenticator } from './authenticator.ts';
import { Outlet, type Request } from './outlet.ts';
import type { Relay } from './relay.ts';

export interface RelayServerOptions {
  readonly relay: Relay;
  readonly authenticator: Pick<Authenticator, 'admits'>;
  /** PEM files; undefined for plain HTTP. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  readonly listen: { readonly host: string | undefined; readonly port: number };
  /** Called when new TLS files cannot be used: the ones before stay. */
  readonly unusable: (error: unknown) => void;
  /** Called when a request could not be answered, whatever it was; its client is cut off. */
  readonly failed: (error: unknown) => void;
  /** Connections at most. */
  readonly connections?: number;
}

/**
 * Connections at most: an agent has one, or with HTTP/1.1 one for each resource. They fit into the memory that the manifest
 * allows: a replica that has to serve the agents of another one, too, must not go the same way.
 */
const CONNECTIONS = 2500;
/** Requests of one connection at a time. */
const STREAMS = 32;
/** Milliseconds without a byte after which a connection is closed. */
const IDLE = 60_000;
/** Milliseconds that a TLS handshake, or a request, may take to arrive. */
const REQUEST = 10_000;
/** Bytes of a request's head. */
const HEAD = 16 * 1024;
/** How often the TLS files are looked at, in milliseconds: cert-manager replaces them weeks ahead. */
const TLS_PERIOD = 10_000;

/** Serves agents that have a token, and tells nobody else anything. */
export class RelayServer {
  readonly #options: RelayServerOptions;
  readonly #server: Server | Http2SecureServer;
  readonly #sockets = new Set<Socket>();
  readonly #answers = new Set<Promise<void>>();
  readonly #renew = () => this.#readTls();
  /** Totals since the start. */
  readonly figures = { requests: 0, refused: 0, bytes: 0, turnedAway: 0 };

  constructor(options: RelayServerOptions) {
    this.#options = options;
    const { tls } = options;
    const handler = (request: Request, response: ConstructorParameters<typeof Outlet>[0]) => {
      const answer = this.#answer(request, response)
        .catch((error: unknown) => {
          options.failed(error);
          response.destroy();
        })
        .finally(() => this.#answers.delete(answer));
      this.#answers.add(answer);
    };
    const limits = { maxHeaderSize: HEAD, headersTimeout: REQUEST, requestTimeout: REQUEST };
    this.#server = tls
      ? createSecureServer(
          {
            ...read(tls),
            ...limits,
            handshakeTimeout: REQUEST,
            allowHTTP1: true,
            settings: { maxConcurrentStreams: STREAMS },
          },
          handler,
        )
      : createPlainServer(limits, handler);
    this.#server.on('session', (session) =>
      session.setTimeout(IDLE, () => {
        // A watch is never quiet for so long: the client takes nothing, or has gone.
        session.destroy();
      }),
    );
    const event = tls ? 'secureConnection' : 'connection';
    this.#server.on(event, (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    this.#server.maxConnections = options.connections ?? CONNECTIONS;
    this.#server.on('drop', () => (this.figures.turnedAway += 1));
    const period = { interval: TLS_PERIOD, persistent: false };
    if (tls) for (const file of [tls.cert, tls.key]) watchFile(file, period, this.#renew);
  }

  get connections(): number {
    return this.#sockets.size;
  }

  /** Resolves to the port. Rejects if it cannot listen. */
  async listen(): Promise<number> {
    this.#server.listen({ ...this.#options.listen, backlog: 1024 });
    await once(this.#server, 'listening');
    const address = this.#server.address();
    return typeof address === 'object' ? (address?.port ?? 0) : 0;
  }

  /** Ends all watches and stops listening: agents go to another replica. */
  async end(): Promise<void> {
    const { relay, tls } = this.#options;
    if (tls) for (const file of [tls.cert, tls.key]) unwatchFile(file, this.#renew);
    this.#server.close();
    await relay.end();
    await Promise.all(this.#answers);
    for (const socket of this.#sockets) socket.destroySoon();
  }

  async #answer(
    request: Request,
    response: ConstructorParameters<typeof Outlet>[0],
  ): Promise<void> {
    const { relay, authenticator } = this.#options;
    const outlet = new Outlet(response, (bytes) => (this.figures.bytes += bytes));
    request.on('error', () => {}).resume();
    this.figures.requests += 1;
    const { authorization, 'accept-encoding': encodings } = request.headers;
    const admitted = await authenticator.admits(authorization).catch(() => undefined);
    if (admitted) {
      const { method = '', url: path = '' } = request;
      const takesGzip = /\bgzip\b/.test(String(encodings));
      await relay.answer({ method, path, takesGzip }, outlet);
      return;
    }
    // Without the cluster's keys nobody is let in, and nobody is to blame.
    if (admitted === false) this.figures.refused += 1;
    outlet.begin(admitted === false ? 401 : 503, {});
    await outlet.finish();
  }

  #readTls(): void {
    const { tls, unusable } = this.#options;
    try {
      if (tls && 'setSecureContext' in this.#server) this.#server.setSecureContext(read(tls));
    } catch (error) {
      unusable(error);
    }
  }
}

function read({ cert, key }: NonNullable<RelayServerOptions['tls']>) {
  return { cert: readFileSync(cert), key: readFileSync(key) };
}
