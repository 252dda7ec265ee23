import * as fc from 'fast-check';
import { Ledger } from '../../lib/accounting/ledger.ts';
import { type PrintedSlot, Rounding } from '../../lib/iftop/rounding.ts';
import type {
  Amount,
  Bytes,
  Counters,
  Directions,
  Flow,
  KernelBytes,
  Pair,
  Slot,
  Window,
} from '../../lib/model.ts';

const NONE: Amount = { bytes: 0, slack: 0 };
export const NOTHING: Bytes = { sent: 0, received: 0 };
/** The counters count, in both directions. */
export const COUNTED: Directions = { sent: false, received: false };

export function exactly(bytes: number): Amount {
  return { bytes, slack: 0 };
}

export function flow(remote: string, sent: Amount, received: Amount): Flow {
  return { local: '10.0.0.1', remote, sent, received };
}

/** A printed slot with one flow of known size, unless more is said. */
export function printedSlot(
  from: number,
  to: number,
  bytes: Partial<Bytes>,
  more: Partial<PrintedSlot> = {},
): PrintedSlot {
  return {
    from,
    to,
    since: from - 1100,
    flows: [flow('10.0.0.2', exactly(bytes.sent ?? 0), exactly(bytes.received ?? 0))],
    rest: { sent: NONE, received: NONE },
    before: undefined,
    after: undefined,
    ...more,
  };
}

/** A ledger to which an iftop reports. */
export class IftopLedger extends Ledger {
  readonly #rounding = new Rounding();

  /** Adds a printed slot; returns it as it was added. */
  report(printed: PrintedSlot): Slot {
    const slot = this.#rounding.slot(printed);
    this.add(slot);
    return slot;
  }
}

/** The counters of an interface that has carried so many IP bytes, in packets of 1 000. */
export function counters({ sent, received }: Bytes): Counters {
  const [sentPackets, receivedPackets] = [Math.ceil(sent / 1000), Math.ceil(received / 1000)];
  return {
    sentBytes: sent + 14 * sentPackets,
    sentPackets,
    receivedBytes: received + 14 * receivedPackets,
    receivedPackets,
  };
}

export function add(items: readonly Bytes[]): Bytes {
  return items.reduce<Bytes>(
    (sum, { sent, received }) => ({ sent: sum.sent + sent, received: sum.received + received }),
    NOTHING,
  );
}

/** All bytes of some windows. */
export function bytesOf(windows: readonly Pick<Window, 'pairs' | 'rest'>[]): Bytes {
  return add(windows.flatMap(({ pairs, rest }) => [...pairs, rest]));
}

export function isClose(a: Bytes, b: Bytes, tolerance = 1e-9): boolean {
  const close = (x: number, y: number) => Math.abs(x - y) <= tolerance * Math.max(1, x, y);
  return close(a.sent, b.sent) && close(a.received, b.received);
}

const bytes = fc.oneof(fc.constant(0), fc.nat(2000), fc.nat(2 ** 32));

/** As iftop prints them: no slack is larger than the number. */
const amounts: fc.Arbitrary<Amount> = fc
  .tuple(bytes, fc.nat(500))
  .map(([value, part]) => ({ bytes: value, slack: (value * part) / 1000 }));

const flows: fc.Arbitrary<Flow[]> = fc.array(
  fc
    .tuple(fc.nat(20), amounts, amounts)
    .map(([host, sent, received]) => flow(`10.0.1.${host}`, sent, received)),
  { maxLength: 8 },
);

export const someBytes: fc.Arbitrary<Bytes> = fc.record({ sent: bytes, received: bytes });

export const someCounters: fc.Arbitrary<Counters> = someBytes.map(counters);

/** Of any length, any content, with counters or without, that may go back. */
export const printedSlots: fc.Arbitrary<PrintedSlot> = fc
  .record({
    from: fc.integer({ min: 0, max: 60_000 }),
    lasted: fc.integer({ min: 0, max: 30_000 }),
    flows,
    rest: fc.record({ sent: amounts, received: amounts }),
    before: fc.option(someCounters, { nil: undefined }),
    after: fc.option(someCounters, { nil: undefined }),
  })
  .map(({ lasted, ...slot }) => ({ ...slot, to: slot.from + lasted, since: slot.from - 1100 }));

const somePort = fc.constantFrom({}, { port: '53/udp' }, { port: '443/tcp' });

export const pairs: fc.Arbitrary<Pair[]> = fc.array(
  fc.tuple(fc.nat(20), somePort, someBytes).map(([host, port, sum]) => ({
    local: '10.0.0.1',
    remote: `10.0.1.${host}`,
    ...port,
    from: 0,
    to: 1000,
    ...sum,
  })),
  { maxLength: 30 },
);

export const kernels: fc.Arbitrary<KernelBytes> = fc.record({
  sent: bytes,
  received: bytes,
  sentPackets: bytes,
  receivedPackets: bytes,
});
