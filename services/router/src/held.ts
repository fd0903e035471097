import type { Entry } from '@parley/protocol';
import type { Conversation } from './core/conversation.ts';

/** A conversation that has not ended. */
export interface Held {
  state: Conversation;
  /** How far its time is ahead of the steady clock (`ConversationTime`). */
  ahead: number;
  /** The newest entries without a gap, so that a grant seldom reads the ledger. */
  readonly tail: Entry[];
}

const tailLength = 16;

/** As it is held once more entries stand. */
export const continued = (
  held: Held | undefined,
  state: Conversation,
  entries: readonly Entry[],
  aheadAfter: (lastAt: number) => number,
): Held => {
  if (!held) return { state, ahead: aheadAfter(state.lastAt), tail: [...entries] };
  held.state = state;
  held.tail.push(...entries);
  if (held.tail.length > 2 * tailLength) held.tail.splice(0, held.tail.length - tailLength);
  return held;
};
