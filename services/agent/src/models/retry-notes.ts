import type { RetryReason } from './model.ts';

const quietMs = 60_000;

/** Decides which retries are logged as warnings: the first for each reason, and then one a minute. */
export class RetryNotes {
  readonly #loggedAt = new Map<RetryReason, number>();

  isNew(reason: RetryReason, now: number): boolean {
    if (now - (this.#loggedAt.get(reason) ?? Number.NEGATIVE_INFINITY) < quietMs) return false;
    this.#loggedAt.set(reason, now);
    return true;
  }
}
