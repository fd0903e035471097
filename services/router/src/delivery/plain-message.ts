import type { Entry, EntryOf, PlainRouterFrame } from '@parley/protocol';
import type { Conversation } from '../core/conversation.ts';
import { agentReader, visible } from '../core/visibility.ts';
import type { Heard } from './digest.ts';

/** Where a line for a plain client stands. The text stays in the ledger. */
export interface PlainMessageEntry {
  readonly conversation: string;
  readonly seq: number;
  readonly position: number;
  readonly from: string;
  readonly at: number;
  readonly bytes: number;
}

export const plainMessage = (
  conversation: string,
  { seq, from, at, text }: EntryOf<'said'>,
  position: number,
): PlainMessageEntry => ({ conversation, seq, position, from, at, bytes: Buffer.byteLength(text) });

/** A line that is addressed to somebody who may hear it. */
export const isAddressed = (entry: Entry): entry is EntryOf<'said'> & { readonly target: string } =>
  entry.type === 'said' && entry.target !== undefined && (!entry.to || entry.to.includes(entry.target));

/** Names and ids match patterns without quotes or backslashes, so only the text needs escaping. */
export const messageFrame = (
  { from, target, text, seq }: Pick<EntryOf<'said'>, 'from' | 'text' | 'seq'> & { readonly target: string },
  conversation: string,
  heard?: readonly Heard[],
): string =>
  `{"type":"message","from":"${from}","target":"${target}","text":${JSON.stringify(text)},"conversation":"${conversation}","seq":${seq}${heard ? `,"heard":${JSON.stringify(heard)}` : ''}}`;

/** The client has the floor and there is nothing to hear. */
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
  const { reason, detail } = ended?.type === 'ended' ? ended : { reason: 'operator', detail: undefined };
  const frame = { type: 'ended', conversation: state.id, reason, ...(detail && { detail }) };
  return JSON.stringify(frame);
};
