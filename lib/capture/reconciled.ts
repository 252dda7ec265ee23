import type { KernelBytes } from '../model.ts';

/** What an interface has passed since it was made, by different accounts. */
interface Accounts {
  /** At the last drain. */
  readonly before: KernelBytes;
  /** That, and what the program has counted since. */
  readonly expected: KernelBytes;
  /** By the counters of the interface, read just before this drain and just after it. */
  readonly least: KernelBytes;
  readonly most: KernelBytes;
}

/** Bytes, or a part of what passed, that may be on their way between the program and the counters. */
const ON_THEIR_WAY = { bytes: 64 * 1024, part: 0.02 };

/**
 * What the interface has passed by the moment of a drain. Its counters cannot be read at that moment, so the program's own
 * count says what it was, and the readings before and after it are the check:
 *
 * - the counters were further already: the program has missed packets, which the kernel had merged or dropped on their way;
 * - the counters are not so far yet: they do not count all that passes (`bpf_redirect_peer`), or a packet was dropped before it
 *   was counted.
 *
 * A difference as small as what may be on its way is neither, unless nothing passed during the drain: then what is missed is
 * known to the byte.
 */
export function reconciled({ before, expected, least, most }: Accounts): KernelBytes {
  const isAtRest =
    least.sentPackets === most.sentPackets && least.receivedPackets === most.receivedPackets;
  const [sent, sentPackets] = direction('sent', 'sentPackets');
  const [received, receivedPackets] = direction('received', 'receivedPackets');
  return { sent, sentPackets, received, receivedPackets };

  function direction(
    bytes: 'sent' | 'received',
    packets: 'sentPackets' | 'receivedPackets',
  ): readonly [bytes: number, packets: number] {
    const passed = expected[bytes] - before[bytes];
    const slack = Math.max(ON_THEIR_WAY.bytes, Math.round(ON_THEIR_WAY.part * passed));
    const low = least[bytes] - (isAtRest ? 0 : slack);
    const high = Math.max(before[bytes], most[bytes] + slack);
    if (expected[bytes] < low) return [low, Math.max(expected[packets], least[packets])];
    if (expected[bytes] <= high) return [expected[bytes], expected[packets]];
    return [high, Math.max(before[packets], Math.min(expected[packets], most[packets]))];
  }
}
