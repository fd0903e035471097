import { crc32 } from 'node:zlib';
import { type Entry, entry as entryShape, parseJson } from '@parley/protocol';
import { jsonBytes } from '../ledger.ts';
import { conversationOf, entriesPerMessage } from './subjects.ts';

/** Entries that became durable together: one message of the stream. */
export interface StoredCommit {
  readonly conversation: string;
  readonly sequence: number;
  readonly entries: readonly Entry[];
  /** The `Nats-Msg-Id`, which begins with the id of the router that wrote it. */
  readonly id: string;
}

/** The CRC-32 of the body, so that a changed message, or one of another program, is not read as a commit. */
export const sumHeader = 'Parley-Sum';

interface RawMessage {
  readonly subject: string;
  readonly sequence: number;
  readonly data: Uint8Array;
  header(name: string): string;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

export interface EncodedCommit {
  readonly body: Uint8Array;
  readonly sum: string;
  readonly entries: number;
}

const encoded = (entries: readonly Entry[]): EncodedCommit => {
  const body = encoder.encode(JSON.stringify(entries));
  return { body, sum: String(crc32(body)), entries: entries.length };
};

/** The bodies of the messages for the entries: one, unless the entries are too many or too long for one message. */
export const encodeCommit = (entries: readonly Entry[], maxBytes: number): EncodedCommit[] => {
  const whole = encoded(entries);
  if (entries.length <= entriesPerMessage && whole.body.length <= maxBytes) return [whole];
  const parts: EncodedCommit[] = [];
  let part: Entry[] = [];
  let bytes = 2;
  for (const entry of entries) {
    const size = jsonBytes(entry) + 1;
    if (part.length > 0 && (bytes + size > maxBytes || part.length >= entriesPerMessage)) {
      parts.push(encoded(part));
      part = [];
      bytes = 2;
    }
    part.push(entry);
    bytes += size;
  }
  parts.push(encoded(part));
  return parts;
};

/** The entries of commits that this process is writing, by message id, so that they need not be parsed again. */
export type OwnCommits = Map<string, readonly Entry[]>;

/** Throws, with the reason, when no router has written the message. */
export const decodeCommit = (stream: string, message: RawMessage, own?: OwnCommits): StoredCommit => {
  const { subject, sequence, data } = message;
  const place = `message ${sequence} of the stream ${stream} (${subject})`;
  const conversation = conversationOf(stream, subject);
  if (conversation === undefined) throw new Error(`${place}: is of no conversation`);
  if (message.header(sumHeader) !== String(crc32(data)))
    throw new Error(`${place}: does not match its checksum`);
  const id = message.header('Nats-Msg-Id');
  const known = own?.get(id);
  if (known) return { conversation, sequence, entries: known, id };
  const parsed = parseJson(decoder.decode(data));
  const entries = parsed.ok && Array.isArray(parsed.value) ? (parsed.value as unknown[]) : [];
  if (entries.length === 0) throw new Error(`${place}: holds no entries`);
  for (const entry of entries) {
    const fault = entryShape.fault(entry, 'entry');
    if (fault) throw new Error(`${place}: ${fault}`);
  }
  return { conversation, sequence, entries: entries as Entry[], id };
};
