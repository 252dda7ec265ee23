import { sum } from '../../sum.ts';
import { isIP } from 'node:net';
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

/** To be raised when a required field is added, or the meaning of a field changes. */
const VERSION = 1;

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
  return encodeRecord({ end, rows, payload: packed(text) });
}

/** The packed text of a record's payload. */
export function packed(text: string | Buffer): Buffer {
  return zstdCompressSync(text, FAST);
}

/** The window of a record, or the number of rows that are lost with it. Never throws, whatever the bytes are. */
export function decodeWindow(record: Buffer): StoredWindow | { readonly lost: number } {
  const { found, damaged } = scan(record);
  const [first] = found;
  if (!first || first.length !== record.length) return { lost: Math.max(1, damaged) };
  const window = parse(payloadOf(record));
  return window?.end === first.end ? window : { lost: Math.max(1, first.rows) };
}

function parse(payload: Buffer): StoredWindow | undefined {
  let value: unknown;
  try {
    value = JSON.parse(zstdDecompressSync(payload, LARGEST).toString());
  } catch {
    return undefined;
  }
  if (!isObject(value) || value['version'] !== VERSION || !isNumber(value['end'])) return undefined;
  const { version: _, ...window } = value;
  const { pods, figures, owners } = window;
  const whole =
    isListOf(pods, isClosed) &&
    isListOf(owners, isOwned) &&
    isObject(figures) &&
    Object.values(figures).every(
      (figure) => isObject(figure) && Object.values(figure).every(isNumber),
    );
  return whole ? (window as unknown as StoredWindow) : undefined;
}

type Fields = { readonly [name: string]: unknown };

function isClosed(value: Fields): boolean {
  const { pod, selection, iface, window } = value;
  return (
    isObject(pod) &&
    hasStrings(pod, ['uid', 'cgroupUid', 'namespace', 'name', 'workload']) &&
    Array.isArray(pod['ips']) &&
    pod['ips'].every(isString) &&
    (selection === 'unknown' || selection === 'selected' || selection === 'excluded') &&
    isString(iface) &&
    isObject(window) &&
    hasNumbers(window, ['start', 'end']) &&
    isBytes(window['rest']) &&
    isBytes(window['uncaptured']) &&
    isObject(window['miscounted']) &&
    (window['kernel'] === undefined ||
      (isObject(window['kernel']) &&
        hasNumbers(window['kernel'], [...BYTES, 'sentPackets', 'receivedPackets']))) &&
    (window['paused'] === undefined || isBytes(window['paused'])) &&
    isListOf(window['pairs'], isPair)
  );
}

function isPair(pair: Fields): boolean {
  const { local, remote, port } = pair;
  return (
    isAddress(local) &&
    isAddress(remote) &&
    (port === undefined || isString(port)) &&
    hasNumbers(pair, [...BYTES, 'from', 'to'])
  );
}

function isOwned(owned: Fields): boolean {
  const { owner } = owned;
  return (
    hasStrings(owned, ['address', 'claim']) &&
    hasNumbers(owned, ['from', 'by', 'until']) &&
    isObject(owner) &&
    hasStrings(owner, ['uid', 'namespace', 'name', 'workload', 'node', 'zone']) &&
    (owner['kind'] === 'pod' || owner['kind'] === 'service' || owner['kind'] === 'node')
  );
}

const BYTES = ['sent', 'received'] as const;

function isBytes(value: unknown): boolean {
  return isObject(value) && hasNumbers(value, BYTES);
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isListOf(value: unknown, check: (item: Fields) => boolean): boolean {
  return Array.isArray(value) && value.every((item) => isObject(item) && check(item));
}

function isNumber(value: unknown): boolean {
  return Number.isFinite(value);
}

function isAddress(value: unknown): boolean {
  return typeof value === 'string' && isIP(value) !== 0;
}

function isString(value: unknown): boolean {
  return typeof value === 'string';
}

function hasNumbers(object: Fields, names: readonly string[]): boolean {
  return names.every((name) => isNumber(object[name]));
}

function hasStrings(object: Fields, names: readonly string[]): boolean {
  return names.every((name) => isString(object[name]));
}
