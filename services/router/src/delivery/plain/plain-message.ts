import type { Entry, EntryOf, PlainRouterFrame } from '@parley/protocol';
import type { Conversation } from '../../core/conversation.ts';
import { agentReader, visible } from '../../core/visibility.ts';
import type { Heard } from './floor-digest.ts';

/** A message for a plain client, by its place in the ledger, which has the text. */
export interface QueuedMessage {
  readonly conversation: string;
  readonly seq: number;
  readonly position: number;
  readonly from: string;
  readonly at: number;
  /** Length of the text. */
  readonly bytes: number;
  /** It represents all messages that the client has not heard up to this one. When it is sent again, it is composed again. */
  readonly isDigest: boolean;
}

export const queuedMessage = (
  conversation: string,
  { seq, from, at, text }: EntryOf<'said'>,
  position: number,
  isDigest = false,
): QueuedMessage => ({ conversation, seq, position, from, at, bytes: Buffer.byteLength(text), isDigest });

/** A message with an addressee that may hear it. */
export const isAddressed = (entry: Entry): entry is EntryOf<'said'> & { readonly target: string } =>
  entry.type === 'said' && entry.target !== undefined && (!entry.to || entry.to.includes(entry.target));

/** Names and ids match patterns without quotes or backslashes, so only the text needs escaping. */
export const messageFrame = (
  { from, target, text, seq }: Pick<EntryOf<'said'>, 'from' | 'text' | 'seq'> & { readonly target: string },
  conversation: string,
  heard?: readonly Heard[],
): string =>
  `{"type":"message","from":"${from}","target":"${target}","text":${JSON.stringify(text)},"conversation":"${conversation}","seq":${seq}${heard ? `,"heard":${JSON.stringify(heard)}` : ''}}`;

/** Sent when the client has the floor and has heard all messages. */
export const floorFrame = ({ id, topic }: Conversation): string => {
  const frame: PlainRouterFrame = {
    type: 'floor',
    conversation: id,
    ...(topic !== undefined && { topic }),
  };
  return JSON.stringify(frame);
};

export const endedFrame = (state: Conversation, member: string, entries: readonly Entry[]): string => {
  const entry = entries.at(-1);
  const ended = entry && visible(state, agentReader(member), entry);
  // A member that has left sees nothing after its own `left`: for it, the conversation ended there.
  const own = { reason: 'agent-left', detail: member } as const;
  const { reason, detail } = ended?.type === 'ended' ? ended : own;
  const frame = { type: 'ended', conversation: state.id, reason, ...(detail && { detail }) };
  return JSON.stringify(frame);
};
