import type { Entry, RefusalCode } from '@parley/protocol';
import type { Conversation } from '../core/conversation.ts';

/** Why there is no capacity. */
export interface Full {
  readonly code: RefusalCode;
  readonly message: string;
}

/**
 * A bound on the resources that entries cause to be used. It is checked before they are written, so that the sender can be
 * refused.
 */
export interface CapacityLimit {
  /**
   * Reserves the capacity that the entries of one command need. `after`: the conversation with them. The function that it
   * returns releases the capacity. It is called when the followers have received the entries, or when the entries were not written.
   */
  take(after: Conversation, entries: readonly Entry[]): Full | (() => void);
}

/** Nothing was needed. */
export const nothingReserved = (): void => {};

/** Reserves capacity in all limits, or returns the first refusal. */
export const reserveCapacity = (
  limits: readonly CapacityLimit[],
  after: Conversation,
  entries: readonly Entry[],
): Full | (() => void) => {
  const taken: (() => void)[] = [];
  const release = () => {
    for (const one of taken) one();
  };
  for (const limit of limits) {
    let took: Full | (() => void);
    try {
      took = limit.take(after, entries);
    } catch (error) {
      release();
      throw error;
    }
    if (typeof took !== 'function') {
      release();
      return took;
    }
    if (took !== nothingReserved) taken.push(took);
  }
  return taken.length === 0 ? nothingReserved : release;
};
