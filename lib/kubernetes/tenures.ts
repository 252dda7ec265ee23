import type { Owner } from './records.ts';

/** An owner has an address from one moment to another, `until` Infinity while it still does. */
export interface Tenure {
  owner: Owner;
  readonly from: number;
  until: number;
}

/** Who had which address and when. Times are milliseconds since 1970. */
export class Tenures {
  readonly #byAddress = new Map<string, Tenure[]>();
  /** Those that have ended, in the order of their ends. */
  readonly #ended: { readonly address: string; readonly tenure: Tenure }[] = [];

  /** The number of addresses that somebody has, or had not long ago. */
  get size(): number {
    return this.#byAddress.size;
  }

  /** An owner has an address from then on; if it has it already, only its record is renewed. */
  begin(address: string, owner: Owner, from: number): void {
    const tenure = this.#current(address, owner);
    if (tenure) tenure.owner = owner;
    else {
      const tenures = this.#byAddress.get(address);
      const begun = { owner, from, until: Infinity };
      if (tenures) tenures.push(begun);
      else this.#byAddress.set(address, [begun]);
    }
  }

  end(address: string, owner: Owner, at: number): void {
    const tenure = this.#current(address, owner);
    if (!tenure) return;
    tenure.until = at;
    this.#ended.push({ address, tenure });
  }

  /** Those who had an address at some time of a span, both its ends included. */
  during(address: string, from: number, to: number): Tenure[] {
    const tenures = this.#byAddress.get(address) ?? [];
    return tenures.filter((tenure) => tenure.from <= to && tenure.until >= from);
  }

  /** Forgets what ended before a moment. */
  forget(before: number): void {
    const kept = this.#ended.findIndex(({ tenure }) => tenure.until >= before);
    const old = this.#ended.splice(0, kept < 0 ? this.#ended.length : kept);
    for (const { address, tenure } of old) {
      const others = this.#byAddress.get(address)?.filter((other) => other !== tenure) ?? [];
      if (others.length > 0) this.#byAddress.set(address, others);
      else this.#byAddress.delete(address);
    }
  }

  #current(address: string, { kind, uid }: Owner): Tenure | undefined {
    return this.#byAddress
      .get(address)
      ?.find(({ owner, until }) => until === Infinity && owner.kind === kind && owner.uid === uid);
  }
}
