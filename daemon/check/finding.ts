import type { Condition } from '../../lib/conditions.ts';
import type { Fault } from './connection.ts';

/** A condition that was found, with what the error says and what to do about it. */
export interface Finding extends Fault {
  readonly condition: Condition;
}

/** One need of the daemon, which --check tries. */
export interface Check {
  readonly name: string;
  /** Resolves to a sentence about what is good. Throws a FoundError, or an error that `explain` makes a finding of. */
  readonly run: () => Promise<string>;
  readonly explain: (error: Error) => Finding;
}

/** The finding that an error is the sign of. */
export function findingOf(
  condition: Condition,
  error: Error,
  fix: string = condition.remedy,
): Finding {
  return { condition, what: error.message, fix };
}

/** A check has found this condition. */
export class FoundError extends Error {
  readonly code = 'ERR_FOUND';
  readonly finding: Finding;

  constructor(condition: Condition, what: string, fix: string = condition.remedy) {
    super(what);
    this.finding = { condition, what, fix };
  }
}
