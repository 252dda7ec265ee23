import { crc32 } from 'node:zlib';

/** A batch of rows of one window on disk. */
export interface Batch {
  /** The end of the window in milliseconds. */
  readonly end: number;
  readonly rows: number;
  /** Line protocol; every row ends with a line feed. */
  readonly payload: Buffer;
}

/** The place of a whole record in a segment, and its header. */
export interface Found {
  readonly offset: number;
  readonly length: number;
  readonly end: number;
  readonly rows: number;
}

/** No row has these bytes, so a record can be found behind a damaged one. */
const MAGIC = Buffer.from([0, 0x6e, 0x73, 1]);
const LINE_FEED = 10;
/** Magic, checksum of the rest of the header, length, checksum of the payload, rows, end. */
const HEADER = 28;

export function encodeRecord({ end, rows, payload }: Batch): Buffer {
  const header = Buffer.alloc(HEADER);
  MAGIC.copy(header);
  header.writeUInt32LE(payload.length, 8);
  header.writeUInt32LE(crc32(payload), 12);
  header.writeUInt32LE(rows, 16);
  header.writeDoubleLE(end, 20);
  header.writeUInt32LE(crc32(header.subarray(8)), 4);
  return Buffer.concat([header, payload]);
}

/** The payload of a record that `scan` has found whole. */
export function payloadOf(record: Buffer): Buffer {
  return record.subarray(HEADER);
}

/**
 * Finds the records that are whole, and counts the rows of those that are not: by the header where
 * it can be read, else by the line feeds up to the next one. Never throws, whatever the bytes are.
 */
export function scan(segment: Buffer): { found: Found[]; damaged: number } {
  const found: Found[] = [];
  let damaged = 0;
  for (let offset = 0; offset < segment.length; ) {
    const header = headerAt(segment, offset);
    if (!header) {
      const next = nextHeader(segment, offset + 1);
      damaged += lineFeeds(segment.subarray(offset, next));
      offset = next;
      continue;
    }
    const { rows, end, payload, checksum } = header;
    const length = HEADER + payload;
    const bytes = segment.subarray(offset + HEADER, offset + length);
    if (bytes.length === payload && crc32(bytes) === checksum)
      found.push({ offset, length, end, rows });
    else damaged += rows;
    offset += length;
  }
  return { found, damaged };
}

function headerAt(segment: Buffer, offset: number) {
  const header = segment.subarray(offset, offset + HEADER);
  if (header.length < HEADER || !header.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  if (crc32(header.subarray(8)) !== header.readUInt32LE(4)) return undefined;
  if (!Number.isFinite(header.readDoubleLE(20))) return undefined;
  return {
    payload: header.readUInt32LE(8),
    checksum: header.readUInt32LE(12),
    rows: header.readUInt32LE(16),
    end: header.readDoubleLE(20),
  };
}

function nextHeader(segment: Buffer, from: number): number {
  let at = segment.indexOf(MAGIC, from);
  while (at >= 0 && !headerAt(segment, at)) at = segment.indexOf(MAGIC, at + 1);
  return at < 0 ? segment.length : at;
}

function lineFeeds(bytes: Buffer): number {
  let count = 0;
  for (const byte of bytes) if (byte === LINE_FEED) count += 1;
  return count;
}
