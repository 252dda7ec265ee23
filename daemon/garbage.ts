/**
 * Collects the garbage of the start and the first lists, which V8 keeps as long as there is room
 * (docs/decisions/memory.md). It takes some 50 ms. Without --expose-gc nothing is done.
 */
export function collectGarbage(): void {
  globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
