import type { Ending } from '@parley/protocol';
import { exitCodeOf } from '../exit-codes.ts';
import { clock, dollars } from '../terminal/ending-text.ts';
import type { Outcome } from './batch-state.ts';

const minute = 60_000;

/** How far a batch is: runs, rate, time that is left, money, and failures by reason. Fed with outcomes, read at any time. */
export class BatchProgress {
  readonly #total: number;
  readonly #cap: number;
  readonly #startedAt: number;
  /** Runs that an earlier command has done: they say nothing about the rate of this one. */
  readonly #before: number;
  readonly #failed = new Map<Ending, number>();
  #done: number;
  #cost = 0;
  #running = 0;

  /** `cap`: dollars after which no more runs begin. `before`: outcomes of an earlier command with the same batch. */
  constructor(total: number, cap: number, before: Iterable<Outcome>, startedAt: number) {
    this.#total = total;
    this.#cap = cap;
    this.#startedAt = startedAt;
    this.#done = 0;
    for (const outcome of before) this.#add(outcome);
    this.#before = this.#done;
  }

  began(): void {
    this.#running++;
  }

  ended(outcome: Outcome): void {
    this.#running--;
    this.#add(outcome);
  }

  /** One line. */
  text(now: number): string {
    const own = this.#done - this.#before;
    const perMs = own / Math.max(1, now - this.#startedAt);
    const left = this.#total - this.#done;
    const money = this.#cost > 0 || Number.isFinite(this.#cap);
    const failures = [...this.#failed].map(([reason, count]) => `${count} ${reason}`);
    return [
      `${this.#done}/${this.#total} runs`,
      ...(this.#running > 0 ? [`${this.#running} running`] : []),
      ...(own > 0 ? [`${(perMs * minute).toFixed(perMs * minute < 10 ? 1 : 0)}/min`] : []),
      ...(own > 0 && left > 0 ? [`${clock(left / perMs)} left`] : []),
      ...(money
        ? [`${dollars(this.#cost)}${Number.isFinite(this.#cap) ? ` of ${dollars(this.#cap)}` : ''}`]
        : []),
      ...(failures.length > 0 ? [`failed: ${failures.join(', ')}`] : []),
    ].join(' · ');
  }

  #add({ ending, cost }: Outcome): void {
    this.#done++;
    this.#cost += cost;
    if (exitCodeOf(ending) !== 0) this.#failed.set(ending, (this.#failed.get(ending) ?? 0) + 1);
  }
}
