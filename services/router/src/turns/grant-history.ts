import { type Entry, maxHistoryBytes, type Omitted } from '@parley/protocol';
import type { Conversations } from '../conversations/conversations.ts';
import type { Conversation } from '../core/conversation.ts';
import { agentReader, visible } from '../core/visibility.ts';

/** What a grant carries of its conversation. */
export interface GrantHistory {
  /** Each as JSON. */
  readonly entries: readonly string[];
  /** Missing when nothing was left out. */
  readonly omitted?: Omitted;
}

/** What is read at once for a grant. */
const page = { entries: 2_000, bytes: maxHistoryBytes };
/** A member does not hear all entries: so many pages are read, until it has most of what fits. */
const maxPages = 3;
const enough = 0.75;

/** Without these a replica would not know what the conversation is about and what its limits are. */
const beginning = (conversations: Conversations, { id, parent }: Conversation): readonly Entry[] => [
  ...conversations.page(id, 0, { entries: 2, bytes: maxHistoryBytes }),
  ...(parent ? conversations.page(id, parent.seq, { entries: 1, bytes: maxHistoryBytes }) : []),
];

/**
 * The entries after `since` that `member` may hear: all, or the newest that fit (one at least), the beginning when it
 * has not been sent, and what it must know of the rest. It is bounded by true bytes of JSON, so no entries of any kind
 * or number make a grant larger than a peer takes.
 */
export const grantHistory = (
  conversations: Conversations,
  state: Conversation,
  member: string,
  since: number,
): GrantHistory => {
  const reader = agentReader(member);
  const heard = (entries: readonly Entry[]): Entry[] =>
    entries.map((entry) => visible(state, reader, entry)).filter((entry) => entry !== undefined);
  const texts: string[] = [];
  let left = maxHistoryBytes;
  let through = state.seq;
  for (let pages = 0; pages < maxPages && through > since; pages++) {
    if (left < (1 - enough) * maxHistoryBytes) break;
    const newest = conversations.newest(state.id, since, page, through);
    if (newest.length === 0) break;
    through = (newest[0]?.seq ?? 1) - 1;
    for (const entry of heard(newest).reverse()) {
      const text = JSON.stringify(entry);
      left -= Buffer.byteLength(text);
      if (left < 0 && texts.length > 0) {
        through = entry.seq;
        break;
      }
      texts.push(text);
    }
  }
  texts.reverse();
  if (through <= since) return { entries: texts };
  const start = since > 0 ? [] : beginning(conversations, state).filter(({ seq }) => seq <= through);
  const known = start.findLast(({ seq }, index) => seq === index + 1)?.seq ?? since;
  const entries = [...heard(start).map((entry) => JSON.stringify(entry)), ...texts];
  if (known >= through) return { entries };
  const role = state.cast.get(member);
  return { entries, omitted: { since: known, through, members: state.members, ...(role && { role }) } };
};
