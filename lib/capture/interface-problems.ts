import { CONDITIONS } from '../conditions.ts';
import type { LocalPod, ProblemLog } from '../model.ts';
import { identity, subjectOf } from './identity.ts';

const WHAT = {
  failure: CONDITIONS.captureFailed,
  refusal: CONDITIONS.interfaceRefused,
  overload: CONDITIONS.captureOverloaded,
  budget: CONDITIONS.capturePaused,
} as const;
type Kind = keyof typeof WHAT;
const KINDS = Object.keys(WHAT) as Kind[];

/** The problems with one interface of a pod, which the API server may name only later. */
export class InterfaceProblems {
  readonly #pod: () => LocalPod;
  readonly #iface: string;
  readonly #problems: ProblemLog;

  constructor(pod: () => LocalPod, iface: string, problems: ProblemLog) {
    this.#pod = pod;
    this.#iface = iface;
    this.#problems = problems;
  }

  /** The fields of a log line about the interface. */
  get identity() {
    return { ...identity(this.#pod()), interface: this.#iface };
  }

  report(kind: Kind, fields: object = {}): void {
    this.#problems.report(this.#subject(kind), WHAT[kind], { ...this.identity, ...fields });
  }

  /** Problems of these kinds, or of any kind, are over. */
  resolve(...kinds: readonly Kind[]): void {
    for (const kind of kinds.length > 0 ? kinds : KINDS)
      this.#problems.resolve(this.#subject(kind));
  }

  #subject(kind: Kind): string {
    return `${subjectOf(this.#pod(), this.#iface)} ${kind}`;
  }
}
