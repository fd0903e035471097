import type { Entry } from '@parley/protocol';
import type { Conversation } from '../core/conversation.ts';
import { skipTime } from '../core/endings/skipped-time.ts';

/** A conversation that has not ended. */
export interface Held {
  state: Conversation;
  /** How far its time is ahead of the steady clock (`ConversationTime`). */
  ahead: number;
  /** Time was skipped in its state, so the state no longer follows from its entries alone. */
  hasSkipped: boolean;
  /** Its entries, and their bytes, since its last checkpoint. */
  unkept: Size;
}

export interface Size {
  readonly entries: number;
  readonly bytes: number;
}

export const nothing: Size = { entries: 0, bytes: 0 };

/** Bytes that an entry takes in memory besides its text. */
const entryBytes = 300;

/** About the bytes that an entry takes in memory; most of them are its text. */
export const sizeOf = (entry: Entry): number => entryBytes + ('text' in entry ? 2 * entry.text.length : 0);

/**
 * What has no checkpoint of a conversation that begins to be held. A fork has none of the entries of its ancestors, which are many
 * reads where forks were forked again.
 */
const unkeptAtFirst = ({ parent }: Conversation): Size =>
  parent ? { entries: parent.seq, bytes: entryBytes * parent.seq } : nothing;

/** What is held after more entries. Changes `held` in place. */
export const continued = (
  held: Held | undefined,
  state: Conversation,
  entries: readonly Entry[],
  aheadAfter: (lastAt: number) => number,
): Held => {
  const next: Held = held ?? {
    ...{ state, ahead: aheadAfter(state.lastAt), hasSkipped: false },
    unkept: unkeptAtFirst(state),
  };
  next.state = state;
  let { bytes } = next.unkept;
  for (const entry of entries) bytes += sizeOf(entry);
  next.unkept = { entries: next.unkept.entries + entries.length, bytes };
  return next;
};

/** Moves the time of the conversation forward until it is `ahead` of the steady clock. */
export const skipped = (held: Held, ahead: number): void => {
  held.state = skipTime(held.state, ahead - held.ahead);
  held.ahead = ahead;
  held.hasSkipped = true;
};
