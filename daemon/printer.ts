import type { Sink } from '../lib/report/sink.ts';

/** A sink for --dry-run: it prints rows and keeps none. */
export function printer(print: (text: string) => void): Sink {
  let written = 0;
  return {
    push(lines) {
      print(`${lines.join('\n')}\n`);
      written += lines.length;
    },
    unsent: { keep() {}, keeps: () => false, stored: () => Promise.resolve(), takeLeft: () => [] },
    get figures() {
      return {
        written,
        refused: 0,
        dropped: 0,
        damaged: 0,
        windowsDropped: 0,
        retries: 0,
        bytes: 0,
        oldest: undefined,
        failure: undefined,
        kept: 0,
        inMemory: 0,
        waiting: 0,
      };
    },
  };
}
