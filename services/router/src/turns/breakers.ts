import type { Entry, LapseCause } from '@parley/protocol';
import { type BreakerRule, breakerRule, CircuitBreaker } from './circuit-breaker.ts';
import type { Replica } from './grant.ts';

/** A turn that comes back so says nothing about the replica's ability to take one. */
const noFault: readonly LapseCause[] = ['gone', 'interrupted', 'rate-limited'];

/** A circuit breaker per replica that has failed of late. */
export class Breakers {
  readonly #now: () => number;
  readonly #rule: BreakerRule;
  readonly #failing = new Map<Replica, CircuitBreaker>();

  constructor(now: () => number, rule: BreakerRule = breakerRule) {
    this.#now = now;
    this.#rule = rule;
  }

  /** Replicas that are granted nothing, or one turn as a trial. */
  get open(): number {
    return [...this.#failing.values()].filter(({ isOpen }) => isOpen).length;
  }

  allow(replica: Replica): boolean {
    return this.#failing.get(replica)?.allows(this.#now(), replica.grants.size) ?? true;
  }

  /** What an entry says about the replica that had been granted its turn. */
  judge(replica: Replica | undefined, entry: Entry): void {
    if (!replica) return;
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
