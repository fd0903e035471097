import type { DatabaseSync } from 'node:sqlite';
import { setTimeout } from 'node:timers/promises';
import { cutFailedTail } from './failed-tail.ts';

/** How often it is tried to take back what a failed transaction left in the log. */
const cutAgainMs = 100;

/** Whole transactions, synced when they return. One that fails leaves nothing behind. */
export class Transactions {
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #onFailed: () => void;
  /** One has failed, and what it left in the write-ahead log is still there. */
  #hasFailedTail = false;

  /** `onFailed`: what is held in memory of the ledger may be of the transaction that failed. */
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

  /** Resolves when nothing of a failed one would be found after a crash: before that, nobody may be told that it failed. */
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
