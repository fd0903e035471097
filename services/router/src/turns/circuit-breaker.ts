export interface BreakerRule {
  /** Failed turns in a row after which it opens. */
  readonly failures: number;
  /** How long it stays open the first time; twice as long after each trial that fails. */
  readonly pauseMs: number;
  readonly maxPauseMs: number;
}

export const breakerRule: BreakerRule = { failures: 5, pauseMs: 5_000, maxPauseMs: 300_000 };

/**
 * Stops grants to a replica that fails every turn. After the pause it is half-open: one turn is granted as a trial. If the
 * trial fails, it opens for a longer pause; if the trial succeeds, the breaker is removed.
 */
export class CircuitBreaker {
  readonly #rule: BreakerRule;
  #failures = 0;
  #openings = 0;
  #openUntil = 0;

  constructor(rule: BreakerRule) {
    this.#rule = rule;
  }

  failed(now: number): void {
    // The failure of a turn that was under way when it opened is no new information.
    if (this.isOpen && now < this.#openUntil) return;
    this.#failures++;
    if (this.#failures < this.#rule.failures) return;
    this.#openUntil = now + Math.min(this.#rule.maxPauseMs, this.#rule.pauseMs * 2 ** this.#openings++);
  }

  /** Open or half-open: no turn has succeeded since the replica failed too often. */
  get isOpen(): boolean {
    return this.#openings > 0;
  }

  /** Whether one more turn may be granted while `active` are under way. */
  allows(now: number, active: number): boolean {
    return !this.isOpen || (now >= this.#openUntil && active === 0);
  }
}
