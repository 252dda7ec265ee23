import type { Claim } from './claims.ts';
import type { Owner } from '../kubernetes/records.ts';

/** An owner has an address at most from `from` to `until` (Infinity while it has it), and surely from `by` on. */
export interface Tenure {
  owner: Owner;
  readonly claim: Claim;
  readonly from: number;
  by: number;
  until: number;
}

/** Who had which address and when. Times are milliseconds since 1970. */
export class Tenures {
  readonly #byAddress = new Map<string, Tenure[]>();
  /** Tenures that have ended, in the order of their ends. */
  readonly #ended: { readonly address: string; readonly tenure: Tenure }[] = [];

  /** The number of addresses that have an owner, or had one not long ago. */
  get size(): number {
    return this.#byAddress.size;
  }

  /** An owner has an address. A tenure that is known already only becomes more exact. */
  begin(address: string, owner: Owner, claim: Claim, from: number, by: number): void {
    const known = this.#current(address, owner);
    const tenure = known ?? { owner, claim, from, by, until: Infinity };
    tenure.owner = owner;
    tenure.by = Math.min(tenure.by, by);
    const tenures = this.#byAddress.get(address);
    if (!tenures) this.#byAddress.set(address, [tenure]);
    else if (!known) tenures.push(tenure);
    for (const other of tenures ?? []) if (other.until !== Infinity) giveWay(other, tenure);
  }

  end(address: string, owner: Owner, at: number): void {
    const tenure = this.#current(address, owner);
    if (!tenure) return;
    tenure.until = at;
    for (const other of this.#byAddress.get(address) ?? []) giveWay(tenure, other);
    this.#ended.push({ address, tenure });
  }

  /** Takes in a tenure that an earlier process knew. */
  restore(address: string, tenure: Tenure): void {
    const { owner, from, until } = tenure;
    const others = this.#byAddress.get(address) ?? [];
    const same = (other: Tenure) =>
      other.owner.kind === owner.kind && other.owner.uid === owner.uid;
    const isKnown = (other: Tenure) => other.from <= from && other.until >= until;
    if (until < from || others.some((other) => same(other) && isKnown(other))) return;
    for (const other of others) {
      giveWay(tenure, other);
      if (other.until !== Infinity) giveWay(other, tenure);
    }
    this.#byAddress.set(address, [...others, tenure]);
    this.#ended.push({ address, tenure });
    this.#ended.sort((a, b) => a.tenure.until - b.tenure.until);
  }

  /** The tenures of an address in a span, ends included. */
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

/** A pod that is gone loses its address when a later pod surely has it. */
function giveWay(old: Tenure, later: Tenure): void {
  const pods = old.owner.kind === 'pod' && later.owner.kind === 'pod';
  if (pods && old.owner.uid !== later.owner.uid && later.from > old.from) {
    old.until = Math.min(old.until, later.by);
  }
}
