import type { Bytes } from './model.ts';

export const DIRECTIONS = ['sent', 'received'] as const;
export const NOTHING: Bytes = { sent: 0, received: 0 };

/** A value for each direction. */
export function each<T>(value: (direction: keyof Bytes) => T) {
  return { sent: value('sent'), received: value('received') };
}

export function plus(a: Bytes, b: Bytes): Bytes {
  return { sent: a.sent + b.sent, received: a.received + b.received };
}
