import { sum } from '../../sum.ts';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { OwnedAddress } from '../../naming/directory.ts';
import type { ClosedWindow } from '../../model.ts';
import type { AgentFields } from '../line-protocol.ts';
import { encodeRecord, payloadOf, scan } from './record.ts';

/** A window of all pods of the node with everything that a later process needs to make its rows. */
export interface StoredWindow {
  readonly end: number;
  readonly pods: readonly ClosedWindow[];
  readonly figures: AgentFields;
  /** The owners of the window's addresses. */
  readonly owners: readonly OwnedAddress[];
}

/** To be raised whenever a required field is added or renamed, or changes its type or meaning: `test/fixtures/spool`. */
const VERSION = 2;

/** Names and addresses repeat: packed, a window has a seventh of the bytes. */
const FAST = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
/** Bytes that are unpacked at most: 250 pods with a thousand pairs each make a quarter of it. */
const LARGEST = { maxOutputLength: 256 * 1024 * 1024 };

/** A window as a record; its number of rows is an estimate. */
export function encodeWindow(window: StoredWindow): Buffer {
  const { end, pods } = window;
  const rows = 1 + sum(pods, ({ window: { pairs } }) => 1 + pairs.length);
  // JSON has no infinite numbers: they are written as null.
  const text = JSON.stringify({ ...window, version: VERSION });
  return encodeRecord({ end, rows, payload: zstdCompressSync(text, FAST) });
}

/** The window of a record, or the number of rows that are lost with a record that is damaged or of another version. */
export function decodeWindow(record: Buffer): StoredWindow | { readonly lost: number } {
  const { found, damaged } = scan(record);
  const [first] = found;
  if (!first || first.length !== record.length) return { lost: Math.max(1, damaged) };
  try {
    const text = zstdDecompressSync(payloadOf(record), LARGEST).toString();
    const { version, ...window } = JSON.parse(text) as StoredWindow & { readonly version: unknown };
    if (version === VERSION && window.end === first.end) return window;
  } catch {
    // The payload is not what this version writes.
  }
  return { lost: Math.max(1, first.rows) };
}
