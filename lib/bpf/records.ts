/** The records of lib/bpf/record.h, and what they say of the pods. */
import ipaddr from 'ipaddr.js';
import { sum } from '../linux/interface-counters.ts';
import type { KernelBytes } from '../model.ts';

export const RECORD_SIZE = 72;
const KINDS = ['flow', 'notIp', 'full', 'flows'] as const;
const ALL_PODS = 0xffff_ffff;

/** Packets between two addresses. */
export interface CountedFlow extends KernelBytes {
  readonly local: string;
  readonly remote: string;
  /** As in the IP header, and the port that tells what the traffic is for; both 0 if that is not known. */
  readonly protocol: number;
  readonly port: number;
}

/**
 * What was counted of a pod between two drains: each packet is in one flow, in `notIp` or in `full`. Bytes are those of
 * the packets from their IP headers on.
 */
export interface PodCount {
  readonly flows: readonly CountedFlow[];
  /** Neither IPv4 nor IPv6. */
  readonly notIp: KernelBytes;
  /** Of flows for which there was no room. */
  readonly full: KernelBytes;
}

/** What is known of pods, by their numbers, while more records may come. */
export type PodCounts = Map<number, GrowingCount>;
type GrowingCount = { -readonly [field in keyof PodCount]: PodCount[field] } & {
  flows: CountedFlow[];
};

/** IPv4 addresses as text: few addresses are in many records. */
type Addresses = Map<number, string>;

const NOTHING: KernelBytes = { sent: 0, sentPackets: 0, received: 0, receivedPackets: 0 };

/**
 * Adds records to what is known of their pods.
 * @returns false if one is none that the helper would print
 */
export function addRecords(pods: PodCounts, records: Buffer): boolean {
  const known: Addresses = new Map();
  for (let at = 0; at < records.length; at += RECORD_SIZE)
    if (!addRecord(pods, records, at, known)) return false;
  return true;
}

function addRecord(pods: PodCounts, records: Buffer, at: number, addresses: Addresses): boolean {
  const pod = records.readUInt32LE(at);
  const kind = KINDS[records.readUInt8(at + 7)];
  const sent = numberAt(records, at + 40);
  const sentPackets = numberAt(records, at + 48);
  const received = numberAt(records, at + 56);
  const receivedPackets = numberAt(records, at + 64);
  const isSafe =
    Number.isSafeInteger(sent) &&
    Number.isSafeInteger(sentPackets) &&
    Number.isSafeInteger(received) &&
    Number.isSafeInteger(receivedPackets);
  if (kind === undefined || !isSafe) return false;
  // How many flows there are is for the program.
  if (kind === 'flows') return true;
  if (pod === ALL_PODS) return false;
  let known = pods.get(pod);
  if (!known) pods.set(pod, (known = { flows: [], notIp: NOTHING, full: NOTHING }));
  if (kind !== 'flow') known[kind] = { sent, sentPackets, received, receivedPackets };
  else {
    known.flows.push({
      local: addressAt(records, at + 8, addresses),
      remote: addressAt(records, at + 24, addresses),
      protocol: records.readUInt8(at + 6),
      port: records.readUInt16LE(at + 4),
      sent,
      sentPackets,
      received,
      receivedPackets,
    });
  }
  return true;
}

function numberAt(records: Buffer, at: number): number {
  return records.readUInt32LE(at) + records.readUInt32LE(at + 4) * 2 ** 32;
}

/** In the spelling of lib/ip-address.ts. */
function addressAt(records: Buffer, at: number, known: Addresses): string {
  // Behind ::ffff:0:0/96 an IPv4 address stands.
  const isMapped =
    records.readUInt32LE(at) === 0 &&
    records.readUInt32LE(at + 4) === 0 &&
    records.readUInt32LE(at + 8) === 0xffff_0000;
  if (!isMapped) return new ipaddr.IPv6([...records.subarray(at, at + 16)]).toRFC5952String();
  const number = records.readUInt32LE(at + 12);
  const text = known.get(number) ?? records.subarray(at + 12, at + 16).join('.');
  known.set(number, text);
  return text;
}

/** All that was counted of a pod. */
export function totalOf({ flows, notIp, full }: PodCount): KernelBytes {
  const total = { ...sum(notIp, full) };
  for (const { sent, sentPackets, received, receivedPackets } of flows) {
    total.sent += sent;
    total.sentPackets += sentPackets;
    total.received += received;
    total.receivedPackets += receivedPackets;
  }
  return total;
}
