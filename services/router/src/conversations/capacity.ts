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

const both = (one: () => void, other: () => void): (() => void) => {
  if (one === nothingReserved) return other;
  if (other === nothingReserved) return one;
  return () => {
    one();
    other();
  };
};

/** Reserves capacity in all limits, or returns the first refusal. */
export const reserveCapacity = (
  limits: readonly CapacityLimit[],
  after: Conversation,
  entries: readonly Entry[],
): Full | (() => void) => {
  let release = nothingReserved;
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
    release = both(release, took);
  }
  return release;
};
