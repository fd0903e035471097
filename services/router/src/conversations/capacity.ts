import type { Entry, RefusalCode } from '@parley/protocol';
import type { Conversation } from '../core/conversation.ts';

/** Why there is no room. */
export interface Full {
  readonly code: RefusalCode;
  readonly message: string;
}

/** Bounds what follows from entries: asked before they are written, so that who wanted them can be told. */
export interface CapacityLimit {
  /**
   * Takes the room that the entries of one command need. `after`: the conversation with them. What is handed back
   * gives the room back; it is called once they have been written and followed, or were lost.
   */
  take(after: Conversation, entries: readonly Entry[]): Full | (() => void);
}

/** Nothing was needed. */
export const nothingReserved = (): void => {};

/** CapacityLimit in all of them, or the first refusal. */
export const reserveCapacity = (
  rooms: readonly CapacityLimit[],
  after: Conversation,
  entries: readonly Entry[],
): Full | (() => void) => {
  const taken: (() => void)[] = [];
  const giveBack = () => {
    for (const give of taken) give();
  };
  for (const room of rooms) {
    let took: Full | (() => void);
    try {
      took = room.take(after, entries);
    } catch (error) {
      giveBack();
      throw error;
    }
    if (typeof took !== 'function') {
      giveBack();
      return took;
    }
    if (took !== nothingReserved) taken.push(took);
  }
  return taken.length === 0 ? nothingReserved : giveBack;
};
