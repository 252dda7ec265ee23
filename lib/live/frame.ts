/**
 * What an agent offers of the last seconds, as lines of JSON: one hello, then a frame twice a second. The names are those of the
 * tags and fields in InfluxDB. Readers take lines of agents that they cannot trust to be well.
 */
import { UNPRINTABLE } from '../unprintable.ts';

/** Raised with every change that an older reader would misunderstand. New fields are no such change. */
export const PROTOCOL = 1;

/** Bytes of the longest line that is read: 30 000 flows have some 6 MB. */
export const LINE_MOST = 16 * 1024 * 1024;
/** Flows of one frame. */
export const FLOWS_MOST = 50_000;
/** A name in Kubernetes has up to 253 characters, with its kind in front up to 317. */
const LONGEST = 320;

/** The first line. */
export interface Hello {
  readonly protocol: number;
  /** Of nstats. */
  readonly version: string;
  readonly cluster: string;
  readonly node: string;
  /** How many nodes the cluster has, as far as the agent knows; 0 if it does not know yet. */
  readonly nodes: number;
  readonly source: string;
}

/** What has been captured since the last frame. Times are milliseconds since 1970, by the clock of the agent's node. */
export interface Frame {
  /** Counts the frames that were made: a reader that finds a gap has lost what is missing. */
  readonly number: number;
  /** When the frame was made. */
  readonly at: number;
  /** Captures that should run and do not, or are at their limits: their pods have no slots, or not all that passed in them. */
  readonly notCaptured: number;
  readonly slots: readonly LiveSlot[];
}

/** What passed an interface of a pod in a span of time. */
export interface LiveSlot {
  readonly namespace: string;
  readonly pod: string;
  readonly workload: string;
  readonly interface: string;
  readonly from: number;
  readonly to: number;
  readonly flows: readonly LiveFlow[];
}

/** The other end of a flow, by the tags of `nstat`. */
export interface LivePeer {
  readonly peer_kind: string;
  readonly peer_namespace: string;
  readonly peer: string;
  readonly peer_workload: string;
  /** Of the listening side, such as `443/tcp`; `-` if the source cannot tell. */
  readonly port: string;
}

/** IP bytes between a pod and a peer. */
export interface LiveFlow extends LivePeer {
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

export function encode(message: Hello | Frame): string {
  return `${JSON.stringify(message)}\n`;
}

/** @throws Error that says what is wrong with the line */
export function parseHello(line: string): Hello {
  const hello = record(parsed(line), 'a hello');
  return {
    protocol: number(hello, 'protocol'),
    version: text(hello, 'version'),
    cluster: text(hello, 'cluster'),
    node: text(hello, 'node'),
    nodes: number(hello, 'nodes'),
    source: text(hello, 'source'),
  };
}

/** @throws Error that says what is wrong with the line */
export function parseFrame(line: string): Frame {
  const frame = record(parsed(line), 'a frame');
  let flows = 0;
  const slots = list(frame, 'slots').map((each): LiveSlot => {
    const slot = record(each, 'a slot');
    const [from, to] = [number(slot, 'from'), number(slot, 'to')];
    if (from > to) throw new Error('a slot ends before it begins');
    return {
      namespace: text(slot, 'namespace'),
      pod: text(slot, 'pod'),
      workload: text(slot, 'workload'),
      interface: text(slot, 'interface'),
      from,
      to,
      flows: list(slot, 'flows').map((flow) => {
        flows += 1;
        if (flows > FLOWS_MOST) throw new Error(`a frame has more than ${FLOWS_MOST} flows`);
        return parseFlow(flow);
      }),
    };
  });
  return {
    number: number(frame, 'number'),
    at: number(frame, 'at'),
    notCaptured: number(frame, 'notCaptured'),
    slots,
  };
}

function parseFlow(value: unknown): LiveFlow {
  const flow = record(value, 'a flow');
  return {
    peer_kind: text(flow, 'peer_kind'),
    peer_namespace: text(flow, 'peer_namespace'),
    peer: text(flow, 'peer'),
    peer_workload: text(flow, 'peer_workload'),
    port: text(flow, 'port'),
    sentBytes: number(flow, 'sentBytes'),
    receivedBytes: number(flow, 'receivedBytes'),
  };
}

type Fields = { readonly [name: string]: unknown };

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new Error('a line is no JSON', { cause });
  }
}

function record(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null) throw new Error(`${what} is no object`);
  return value as Fields;
}

function list(fields: Fields, name: string): readonly unknown[] {
  const value = fields[name];
  if (!Array.isArray(value)) throw new Error(`${name} is no list`);
  return value;
}

function number(fields: Fields, name: string): number {
  const value = fields[name];
  const isUsable = typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
  if (!isUsable) throw new Error(`${name} is no number from 0 on`);
  return value;
}

/** Without what could make a terminal or a page do anything but show it. */
function text(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string') throw new Error(`${name} is no text`);
  if (PLAIN.test(value)) return value;
  return value.slice(0, LONGEST).replace(UNPRINTABLE, '\u{FFFD}') || '-';
}

/** What nearly all texts are. */
const PLAIN = /^[ -~]{1,320}$/;
