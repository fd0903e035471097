import type { Entry } from '@parley/protocol';
import type { Conversation } from '../core/conversation.ts';
import { type CapacityLimit, type Full, nothingReserved } from './capacity.ts';
import type { Commit } from './conversations.ts';

/** How many conversations may run or be paused at once; 0 is no limit. */
export interface RunningLimits {
  readonly total: number;
  /** By one opener. */
  readonly perOpener: number;
}

/** Each conversation that has not ended is held in memory, so their number is limited. */
export class RunningLimit implements CapacityLimit {
  readonly #limits: RunningLimits;
  readonly #by = new Map<string, number>();
  #total = 0;

  constructor(limits: RunningLimits) {
    this.#limits = limits;
  }

  /** Counts a conversation that the ledger had when the router started. */
  found({ by }: Conversation): void {
    this.#count(by, 1);
  }

  take({ by }: Conversation, [first]: readonly Entry[]): Full | (() => void) {
    if (first?.type !== 'opened' && first?.type !== 'forked') return nothingReserved;
    const { total, perOpener } = this.#limits;
    if (total > 0 && this.#total >= total)
      return {
        code: 'unavailable',
        message: `${total} conversations are running: wait until some have ended`,
      };
    if (perOpener > 0 && (this.#by.get(by) ?? 0) >= perOpener)
      return { code: 'rate-limited', message: `${by} has ${perOpener} conversations running` };
    this.#count(by, 1);
    return () => this.#count(by, -1);
  }

  onCommit({ before, after }: Commit): void {
    if (!before) this.#count(after.by, 1);
    if (after.status.state === 'ended') this.#count(after.by, -1);
  }

  #count(by: string, change: 1 | -1): void {
    const count = (this.#by.get(by) ?? 0) + change;
    if (count > 0) this.#by.set(by, count);
    else this.#by.delete(by);
    this.#total += change;
  }
}
