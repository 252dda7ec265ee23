import type { KernelBytes, Window } from '../model.ts';

/**
 * The windows of two pods of one name as one. A pod of a StatefulSet that is deleted and made again
 * within a window would otherwise write the same rows twice, and the second would replace the first.
 */
export function merge(a: Window, b: Window): Window {
  return {
    start: Math.min(a.start, b.start),
    end: Math.max(a.end, b.end),
    pairs: [...a.pairs, ...b.pairs],
    rest: { sent: a.rest.sent + b.rest.sent, received: a.rest.received + b.rest.received },
    kernel: a.kernel && b.kernel ? add(a.kernel, b.kernel) : (a.kernel ?? b.kernel),
  };
}

function add(a: KernelBytes, b: KernelBytes): KernelBytes {
  return {
    sent: a.sent + b.sent,
    received: a.received + b.received,
    sentPackets: a.sentPackets + b.sentPackets,
    receivedPackets: a.receivedPackets + b.receivedPackets,
  };
}
