import type { DatabaseSync } from 'node:sqlite';
import { setTimeout } from 'node:timers/promises';
import { cutFailedTail } from '../failed-tail.ts';

/** The time between two attempts to truncate what a failed transaction left in the log. */
const cutAgainMs = 100;

/** Runs transactions that are synced when they return. A failed one leaves nothing behind. */
export class Transactions {
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #onFailed: () => void;
  /** A transaction has failed, and its frames are still in the write-ahead log. */
  #hasFailedTail = false;

  /** `onFailed` clears caches, which may hold values of the failed transaction. */
  constructor(database: DatabaseSync, path: string, onFailed: () => void) {
    this.#database = database;
    this.#path = path;
    this.#onFailed = onFailed;
  }

  run<T>(work: () => T): T {
    this.#cutTail();
    const database = this.#database;
    try {
      database.exec('BEGIN IMMEDIATE');
      const result = work();
      database.exec('COMMIT');
      return result;
    } catch (error) {
      this.#onFailed();
      this.#hasFailedTail = true;
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  }

  /** Resolves when a crash can no longer bring back a failed transaction. Its failure must not be reported before that. */
  async undone(): Promise<void> {
    for (;;) {
      try {
        return this.#cutTail();
      } catch {
        await setTimeout(cutAgainMs);
      }
    }
  }

  #cutTail(): void {
    if (!this.#hasFailedTail) return;
    cutFailedTail(this.#database, this.#path);
    this.#hasFailedTail = false;
  }
}
