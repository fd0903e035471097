import { type Entry, maxHistoryBytes, type Omitted } from '@parley/protocol';
import type { Conversations } from './conversations.ts';
import type { Conversation } from './core/conversation.ts';
import { agentReader, visible } from './core/visibility.ts';

/** What a grant carries of its conversation. */
export interface GrantHistory {
  /** Each as JSON. */
  readonly entries: readonly string[];
  /** Missing when nothing was left out. */
  readonly omitted?: Omitted;
}

/**
 * What is read for one grant, whoever may hear it: the work is the same in a conversation of a hundred messages and
 * of a million. Twice what is sent, because a member does not hear all entries.
 */
const read = { entries: 4_000, bytes: 2 * maxHistoryBytes };

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
  const newest = conversations.newest(state.id, since, read);
  const texts: string[] = [];
  let left = maxHistoryBytes;
  let through = (newest[0]?.seq ?? since + 1) - 1;
  for (const entry of heard(newest).reverse()) {
    const text = JSON.stringify(entry);
    left -= Buffer.byteLength(text);
    if (left < 0 && texts.length > 0) {
      through = entry.seq;
      break;
    }
    texts.push(text);
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
