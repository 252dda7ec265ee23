/** Reads what the helper prints: lib/bpf/frames.h has the frames, lib/bpf/record.h the records. */
import { RECORD_SIZE } from './records.ts';

const TYPES = ['ready', 'attached', 'ended', 'records', 'drained', 'fatal'] as const;
const HEADER = 8;
/** Records are printed in batches of so many at most. */
const MAX_LENGTH = 4096 * RECORD_SIZE;

/** How a pod or the helper ended: by `errno`, in a step. With errno 0 it is not the kernel's doing. */
export interface End {
  readonly errno: number;
  readonly step: string;
}

export type Frame =
  | { readonly type: 'ready' }
  | { readonly type: 'attached'; readonly pod: number; readonly netDev: string }
  | { readonly type: 'ended'; readonly pod: number; readonly end: End }
  | { readonly type: 'records'; readonly records: Buffer }
  /** `at`: when the records were closed, in nanoseconds of CLOCK_MONOTONIC. */
  | { readonly type: 'drained'; readonly at: bigint }
  | { readonly type: 'fatal'; readonly end: End }
  /** Nothing that the helper prints. Nothing comes after it. */
  | { readonly type: 'malformed' };

/** Puts frames together out of the pieces in which they come. Keeps at most one unfinished frame. */
export class FrameReader {
  #pieces: Buffer[] = [];
  #length = 0;
  #malformed = false;

  push(piece: Buffer): Frame[] {
    if (this.#malformed) return [];
    this.#pieces.push(piece);
    this.#length += piece.length;
    if (this.#length < this.#needed()) return [];
    const frames: Frame[] = [];
    let rest = this.#join();
    for (let size = sizeOf(rest); size <= rest.length; size = sizeOf(rest)) {
      const frame = parse(rest.readUInt32LE(0), rest.subarray(HEADER, size));
      frames.push(frame);
      this.#malformed = frame.type === 'malformed';
      rest = this.#malformed ? Buffer.alloc(0) : rest.subarray(size);
    }
    [this.#pieces, this.#length] = [[rest], rest.length];
    return frames;
  }

  /** So many bytes make the next step possible. */
  #needed(): number {
    const [first] = this.#pieces;
    if (first && first.length < HEADER && this.#length >= HEADER) this.#join();
    return this.#pieces[0] ? sizeOf(this.#pieces[0]) : HEADER;
  }

  #join(): Buffer {
    const [first = Buffer.alloc(0), ...others] = this.#pieces;
    const all = others.length === 0 ? first : Buffer.concat(this.#pieces);
    this.#pieces = [all];
    return all;
  }
}

/** The size of the frame that begins here, as far as it can be known: too long a one is not waited for. */
function sizeOf(bytes: Buffer): number {
  if (bytes.length < HEADER) return HEADER;
  const length = bytes.readUInt32LE(4);
  return length > MAX_LENGTH ? HEADER : HEADER + length;
}

function parse(number: number, payload: Buffer): Frame {
  const type = TYPES[number - 1];
  const { length } = payload;
  if (type === 'ready' && length === 0) return { type };
  if (type === 'attached' && length >= 4)
    return { type, pod: payload.readUInt32LE(), netDev: payload.toString('latin1', 4) };
  if (type === 'ended' && length >= 8)
    return { type, pod: payload.readUInt32LE(), end: endIn(payload) };
  if (type === 'records' && length > 0 && length % RECORD_SIZE === 0)
    return { type, records: payload };
  if (type === 'drained' && length === 8) return { type, at: payload.readBigUInt64LE() };
  if (type === 'fatal' && length >= 8) return { type, end: endIn(payload) };
  return { type: 'malformed' };
}

function endIn(payload: Buffer): End {
  return { errno: payload.readInt32LE(4), step: payload.toString('latin1', 8) };
}
