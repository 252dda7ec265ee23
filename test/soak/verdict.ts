import { imbalances } from './balance.ts';
import { growths, surges } from './growth.ts';
import type { Outcome } from './soak.ts';

/** What is wrong; empty if nothing is. */
export function complaints({
  rests,
  most,
  reconciliation,
}: Pick<Outcome, 'rests' | 'most' | 'reconciliation'>): string[] {
  return [...growths(rests), ...surges(rests.start, most), ...imbalances(reconciliation)];
}
