import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type ClientHttp2Session, connect } from 'node:http2';
import { constants, gunzipSync } from 'node:zlib';
import type { Wanted } from './agents.ts';

/** Bytes that the server may send ahead: the same as lib/kubernetes/client/http2.ts. */
const WINDOW = 4 << 20;
/** Milliseconds for a list, and after the last one. */
const [PATIENCE, IDLE] = [30_000, 10_000];

/**
 * Receives whole lists of a relay over a connection of its own, but unpacks no more than their heads, which have the
 * resourceVersion: the agents share the cores with what is measured.
 */
export class ListHeads {
  readonly #relay: NonNullable<Wanted['relay']>;
  #session: ClientHttp2Session | undefined;
  /** Received up to now. */
  bytes = 0;

  constructor(relay: NonNullable<Wanted['relay']>) {
    this.#relay = relay;
  }

  /** The metadata of a list, in JSON. */
  async metadata(path: string): Promise<string> {
    const session = this.#session?.closed === false ? this.#session : this.#connect();
    this.#session = session;
    const stream = session.request({
      ':path': path,
      authorization: `Bearer ${readFileSync(this.#relay.tokenFile, 'utf8')}`,
      'accept-encoding': 'gzip',
    });
    let first: Buffer | undefined;
    stream.on('data', (piece: Buffer) => {
      first ??= piece;
      this.bytes += piece.length;
    });
    try {
      await once(stream, 'end', { signal: AbortSignal.timeout(PATIENCE) });
    } catch (error) {
      // What holds up one list holds up the next.
      session.destroy();
      throw error;
    }
    const text = gunzipSync(first ?? '', { finishFlush: constants.Z_SYNC_FLUSH }).toString();
    const [metadata] = /"metadata":\{[^}]*\}/.exec(text) ?? [];
    if (!metadata) throw new Error(`${path}: ${text.slice(0, 200)}`);
    return metadata;
  }

  #connect(): ClientHttp2Session {
    const { port, addresses, authority } = this.#relay;
    const address = addresses[Math.floor(Math.random() * addresses.length)];
    const session = connect(`https://${address}:${port}`, {
      ca: readFileSync(authority),
      servername: 'localhost',
      settings: { initialWindowSize: WINDOW },
    });
    session.on('error', () => {}).on('goaway', () => session.close());
    session.on('connect', () => session.setLocalWindowSize(WINDOW));
    session.setTimeout(IDLE, () => session.close());
    return session;
  }
}
