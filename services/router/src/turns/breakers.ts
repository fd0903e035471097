import type { Entry, LapseCause } from '@parley/protocol';
import type { Replica } from '../presence/replica.ts';
import { type BreakerRule, breakerRule, CircuitBreaker } from './circuit-breaker.ts';

/** Causes of a lapse that are no failure of the replica. */
const noFault: readonly LapseCause[] = ['gone', 'interrupted', 'rate-limited'];

/** A circuit breaker for each replica whose latest turns failed. */
export class Breakers {
  readonly #now: () => number;
  readonly #rule: BreakerRule;
  readonly #failing = new Map<Replica, CircuitBreaker>();

  constructor({ now, rule = breakerRule }: { readonly now: () => number; readonly rule?: BreakerRule }) {
    this.#now = now;
    this.#rule = rule;
  }

  /** How many replicas are granted nothing, or one turn as a trial. */
  get open(): number {
    return [...this.#failing.values()].filter(({ isOpen }) => isOpen).length;
  }

  /** `trial`: one turn may be granted. */
  stateOf(replica: Replica): 'closed' | 'open' | 'trial' {
    const breaker = this.#failing.get(replica);
    if (!breaker?.isOpen) return 'closed';
    return breaker.allows(this.#now(), 0) ? 'trial' : 'open';
  }

  /** Whether the replica may be granted one more turn while `active` turns of it are under way. */
  allow(replica: Replica, active: number): boolean {
    return this.#failing.get(replica)?.allows(this.#now(), active) ?? true;
  }

  /** Learns from the entry that answered a grant of the replica, or that records its lapse. */
  judge(replica: Replica, entry: Entry): void {
    if (entry.type === 'said' || entry.type === 'bid') this.#failing.delete(replica);
    if (entry.type === 'passed' && (entry.reason === 'nothing-to-say' || entry.reason === 'declined'))
      this.#failing.delete(replica);
    if (entry.type === 'lapsed' && !noFault.includes(entry.cause)) this.failed(replica);
  }

  failed(replica: Replica): void {
    const breaker = this.#failing.get(replica) ?? new CircuitBreaker(this.#rule);
    this.#failing.set(replica, breaker);
    breaker.failed(this.#now());
  }

  forget(replica: Replica): void {
    this.#failing.delete(replica);
  }
}
