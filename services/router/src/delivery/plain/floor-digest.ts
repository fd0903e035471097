import { type EntryOf, maxTextLength } from '@parley/protocol';
import type { Conversations } from '../../conversations/conversations.ts';
import type { Conversation } from '../../core/conversation.ts';
import { agentReader, visible } from '../../core/visibility.ts';

/** One message of a digest. */
export interface Heard {
  readonly from: string;
  readonly seq: number;
  readonly text: string;
}

/** What a plain client is sent where members speak in turn: all messages since its own last one. */
export interface Digest {
  /** The newest of these messages, with the text of all. */
  readonly entry: EntryOf<'said'>;
  /** The single messages, oldest first; missing when there is only one. */
  readonly heard: readonly Heard[] | undefined;
}

const lineBreak = /\r\n|[\n\v\f\r\u0085\u2028\u2029]/;
/** The beginning of a text line that looks like the label of a speaker. */
const labelled = /^([\s\p{Cf}]*)[[［【〔⟦]+([^\]］】〕⟧]*)[\]］】〕⟧]/u;
const leftOut = '[…]';
/** Entries read for one digest, those that the member may not see included. */
const page = { entries: 256, bytes: 4 * maxTextLength };
const maxPages = 8;

/** The lines of a text. None begins like `[ann] …`, so that no member can speak for another. */
const linesOf = (text: string): string[] =>
  text.split(lineBreak).map((line) => line.replace(labelled, '$1($2)'));

const written = ({ from, text }: Heard) => `[${from}] ${text.split('\n').join('\n  ')}`;

/** The messages of the conversation, newest first; read lazily. */
function* said(conversations: Conversations, state: Conversation): Generator<EntryOf<'said'>> {
  let through = state.seq;
  for (let pages = 0; pages < maxPages && through > 0; pages++) {
    const entries = conversations.newest(state.id, 0, page, through);
    for (const entry of entries.toReversed()) if (entry.type === 'said') yield entry;
    through = (entries[0]?.seq ?? 1) - 1;
  }
}

/** The messages after `since` that the member may see and that came after its own last message, newest first. */
function* unheard(
  conversations: Conversations,
  state: Conversation,
  member: string,
  since: number,
): Generator<EntryOf<'said'>> {
  for (const entry of said(conversations, state)) {
    if (entry.from === member || entry.seq <= since) return;
    const seen = visible(state, agentReader(member), entry);
    if (seen?.type === 'said') yield seen;
  }
}

/** The newest messages that fit into one text, with a mark where older ones were left out. Undefined when there are none. */
export const digestFor = (
  conversations: Conversations,
  state: Conversation,
  member: string,
  since = 0,
): Digest | undefined => {
  const parts: Heard[] = [];
  let left = maxTextLength - leftOut.length - 1;
  let newest: EntryOf<'said'> | undefined;
  let isCut = false;
  for (const entry of unheard(conversations, state, member, since)) {
    const part = { from: entry.from, seq: entry.seq, text: linesOf(entry.text).join('\n') };
    newest ??= entry;
    left -= written(part).length + 1;
    isCut = left < 0;
    if (isCut && parts.length > 0) break;
    parts.push(part);
    if (isCut) break;
  }
  if (!newest || !parts[0]) return undefined;
  const isWhole = !isCut || written(parts[0]).length + leftOut.length + 1 > maxTextLength;
  if (parts.length === 1 && isWhole) return { entry: { ...newest, text: parts[0].text }, heard: undefined };
  const heard = parts.reverse();
  const text = [...(isCut ? [leftOut] : []), ...heard.map(written)].join('\n');
  return { entry: { ...newest, text }, heard };
};

/** How many messages of others there are since the member's own last one, at most as many as there are members. */
export const silentFor = (conversations: Conversations, state: Conversation, member: string): number => {
  let count = 0;
  for (const { from } of said(conversations, state)) {
    if (from === member || count === state.members.length) break;
    count++;
  }
  return count;
};
