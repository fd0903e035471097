import { type Entry, maxHistoryBytes, type Omitted } from '@parley/protocol';
import type { Conversations } from '../../conversations/conversations.ts';
import type { Conversation } from '../../core/conversation.ts';
import { agentReader, visible } from '../../core/visibility.ts';

/** What a grant carries of its conversation. */
export interface GrantHistory {
  /** Each as JSON. */
  readonly entries: readonly string[];
  /** Missing when nothing was left out. */
  readonly omitted?: Omitted;
}

/** How much is read from the ledger in one go. */
const page = { entries: 2_000, bytes: maxHistoryBytes };
/** A member may not see all entries, so more than one page is read, until most of the limit is used. */
const maxPages = 3;
const enough = 0.75;

/** The entries that say what the conversation is about and what its limits are. */
const beginning = (conversations: Conversations, { id, parent }: Conversation): readonly Entry[] => [
  ...conversations.page(id, 0, { entries: 2, bytes: maxHistoryBytes }),
  ...(parent ? conversations.page(id, parent.seq, { entries: 1, bytes: maxHistoryBytes }) : []),
];

/**
 * The entries after `since` that `member` may see: all of them, or the newest that fit (at least one), the beginning when it
 * has not been sent, and what was left out. It is bounded in bytes of JSON, so that no kind or number of entries makes a grant
 * larger than a peer accepts.
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
    for (let at = newest.length - 1; at >= 0; at--) {
      const entry = visible(state, reader, newest[at] as Entry);
      if (!entry) continue;
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
