import type { RetryReason } from './model.ts';

const quietMs = 60_000;

/** Which retries the operator is told of at once: the first for each reason, and then one a minute. */
export class RetryNotes {
  readonly #loggedAt = new Map<RetryReason, number>();

  isNew(reason: RetryReason, now: number): boolean {
    if (now - (this.#loggedAt.get(reason) ?? Number.NEGATIVE_INFINITY) < quietMs) return false;
    this.#loggedAt.set(reason, now);
    return true;
  }
}
