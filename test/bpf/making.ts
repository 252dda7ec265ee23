/** What the helper prints, made by hand. */

export function frame(type: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32LE(type, 0);
  header.writeUInt32LE(payload.length, 4);
  return Buffer.concat([header, payload]);
}

export function ended(pod: number, errno: number, step: string, type = 3): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(pod, 0);
  head.writeInt32LE(errno, 4);
  return frame(type, Buffer.concat([head, Buffer.from(step)]));
}

export function fatal(errno: number, step: string): Buffer {
  return ended(0, errno, step, 6);
}

interface RecordFields {
  readonly pod?: number;
  readonly port?: number;
  readonly protocol?: number;
  readonly kind?: number;
  /** 16 bytes in hexadecimal. */
  readonly local?: string;
  readonly remote?: string;
  readonly counts?: readonly [bigint, bigint, bigint, bigint];
}

const V4 = { a: '00000000000000000000ffff0af40001', b: '00000000000000000000ffffc6120001' };
export const V6 = { a: 'fd000010024400000000000000000010', b: '20010db8000000000001000000000000' };

export function record(fields: RecordFields): Buffer {
  const { pod = 7, port = 0, protocol = 0, kind = 0, local = V4.a, remote = V4.b } = fields;
  const bytes = Buffer.alloc(72);
  bytes.writeUInt32LE(pod, 0);
  bytes.writeUInt16LE(port, 4);
  bytes.writeUInt8(protocol, 6);
  bytes.writeUInt8(kind, 7);
  bytes.write(local, 8, 'hex');
  bytes.write(remote, 24, 'hex');
  for (const [nth, count] of (fields.counts ?? [100n, 1n, 200n, 2n]).entries())
    bytes.writeBigUInt64LE(count, 40 + 8 * nth);
  return bytes;
}
