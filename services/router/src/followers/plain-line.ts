import type { Entry, EntryOf } from '@parley/protocol';

/** Where a line for a plain client stands. The text stays in the ledger. */
export interface PlainLine {
  readonly conversation: string;
  readonly seq: number;
  readonly position: number;
  readonly from: string;
  readonly at: number;
  readonly bytes: number;
}

export const plainLine = (
  conversation: string,
  { seq, from, at, text }: EntryOf<'said'>,
  position: number,
): PlainLine => ({ conversation, seq, position, from, at, bytes: Buffer.byteLength(text) });

/** A line that is addressed to somebody who may hear it. */
export const isAddressed = (entry: Entry): entry is EntryOf<'said'> & { readonly target: string } =>
  entry.type === 'said' && entry.target !== undefined && (!entry.to || entry.to.includes(entry.target));

/** Names and ids match patterns without quotes or backslashes, so only the text needs escaping. */
export const messageFrame = (
  from: string,
  target: string,
  text: string,
  conversation: string,
  seq: number,
): string =>
  `{"type":"message","from":"${from}","target":"${target}","text":${JSON.stringify(text)},"conversation":"${conversation}","seq":${seq}}`;
