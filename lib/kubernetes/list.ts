import type { Readable } from 'node:stream';
import { type KubernetesObject, objectOf } from './object-schema.ts';
import { withIdleTimeout } from './idle-timeout.ts';

/** Bytes of an object that are held in memory; etcd takes no object above 1.5 MiB. */
export const LARGEST_OBJECT = 16 * 1024 * 1024;

const code = (character: string) => character.charCodeAt(0);
const [QUOTE, BACKSLASH, COMMA] = [code('"'), code('\\'), code(',')];
const [BRACE, BRACKET, END_BRACE, END_BRACKET] = [code('{'), code('['), code('}'), code(']')];
/** The depth of an item: it is in the array of items, which is in the list. */
const ITEM = 3;

/** The metadata of a list. */
type ListMetadata = NonNullable<KubernetesObject['metadata']>;

/**
 * Reads a list to its end; `each` is called with its objects as they arrive.
 * @throws SyntaxError, RangeError, IdleTimeoutError, or the error of the stream
 */
export async function readList(
  body: Readable,
  each: (object: KubernetesObject) => void,
  idleTimeout?: number,
): Promise<ListMetadata> {
  const reader = new ListReader();
  for await (const chunk of withIdleTimeout<Buffer>(body, idleTimeout)) {
    for (const item of reader.read(chunk)) each(objectOf(item));
  }
  return reader.end();
}

/**
 * Divides a list of the API server into its items while it arrives, so that a list of 20 000 pods
 * (250 MB of JSON) is never in memory as a whole; a string of Node could not hold 43 000. Streaming
 * parsers have a quarter of the speed of this with JSON.parse for each item.
 */
export class ListReader {
  /** The list without its items. */
  readonly #envelope = new Pieces();
  /** The item that has not ended yet. */
  readonly #item = new Pieces();
  #depth = 0;
  #inItems = false;
  #inString = false;
  #escaped = false;

  /**
   * The items that end in the next chunk.
   * @throws SyntaxError if the chunk is not JSON, RangeError if an object is too large
   */
  *read(chunk: Buffer): Generator {
    let start = 0;
    for (let at = this.#seek(chunk, 0); at < chunk.length; at = this.#seek(chunk, at + 1)) {
      const byte = chunk[at];
      if (byte === BRACE || byte === BRACKET) {
        this.#depth += 1;
        if (this.#depth === ITEM - 1) this.#inItems = byte === BRACKET;
        if (!this.#inItems || this.#depth !== ITEM) continue;
        this.#envelope.add(chunk.subarray(start, at));
        start = at;
      } else if (byte === COMMA) {
        // Anything but spaces here makes the list's own JSON invalid.
        this.#envelope.add(chunk.subarray(start, at));
        start = at + 1;
      } else {
        this.#depth -= 1;
        if (this.#depth < ITEM - 1) this.#inItems = false;
        if (!this.#inItems || this.#depth !== ITEM - 1) continue;
        yield this.#item.parse(chunk.subarray(start, at + 1));
        start = at + 1;
      }
    }
    const open = this.#inItems && this.#depth >= ITEM ? this.#item : this.#envelope;
    open.add(chunk.subarray(start));
  }

  /**
   * The metadata of the list, which has ended.
   * @throws SyntaxError if the list is incomplete
   */
  end(): ListMetadata {
    return objectOf(this.#envelope.parse(Buffer.alloc(0))).metadata ?? {};
  }

  /** The next byte that opens or closes an object or array, or separates two items; else the end of the chunk. */
  #seek(chunk: Buffer, from: number): number {
    const comma = this.#inItems && this.#depth === ITEM - 1 ? COMMA : undefined;
    // Most of the time is spent here: variables are twice as fast as fields.
    let inString = this.#inString;
    let escaped = this.#escaped;
    let at = from;
    for (; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (inString) {
        inString = escaped || byte !== QUOTE;
        escaped = !escaped && byte === BACKSLASH;
      } else if (byte === QUOTE) inString = true;
      else if (byte === BRACE || byte === END_BRACE || byte === BRACKET) break;
      else if (byte === END_BRACKET || byte === comma) break;
    }
    this.#inString = inString;
    this.#escaped = escaped;
    return at;
  }
}

/** The bytes of a JSON value that arrives in pieces. They are copied into memory that is used again. */
class Pieces {
  #bytes = Buffer.alloc(0);
  #size = 0;

  add(piece: Buffer): void {
    const size = this.#size + piece.length;
    if (size > LARGEST_OBJECT) throw new RangeError('an object of the API is too large');
    if (size > this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes], 2 * size);
    this.#size += piece.copy(this.#bytes, this.#size);
  }

  /** The value, with its last piece. */
  parse(last: Buffer): unknown {
    // Most come in one piece.
    if (this.#size === 0) return JSON.parse(last.toString());
    this.add(last);
    const text = this.#bytes.toString('utf8', 0, this.#size);
    this.#size = 0;
    return JSON.parse(text);
  }
}
