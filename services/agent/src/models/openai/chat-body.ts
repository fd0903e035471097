import { createParser } from 'eventsource-parser';
import { isPage } from './server-words.ts';

/** Bounds of what is read of an answer, in bytes after decompression. */
export const bounds = {
  /** A whole stream: enough for reasoning of a hundred thousand tokens with one chunk for each. */
  stream: 64 * 1024 * 1024,
  /** The data of one event. */
  event: 1024 * 1024,
  /** An answer that is not streamed. */
  body: 4 * 1024 * 1024,
  /** The body of an error response. The rest is not read. */
  refusal: 64 * 1024,
} as const;

export class TooMuch extends Error {
  override readonly name = 'TooMuch';
}

export interface StreamEvent {
  readonly event: string | undefined;
  readonly data: string;
}
/** The kind of a body after it was read. The events of a stream were passed on when they arrived. */
export type Body =
  | { readonly kind: 'stream' }
  /** Text that begins like JSON. */
  | { readonly kind: 'json'; readonly text: string }
  | { readonly kind: 'page'; readonly text: string }
  | { readonly kind: 'text'; readonly text: string };

const tooLong = () => new TooMuch(`an event of the stream is longer than ${bounds.event} bytes`);

const fieldNames = ['data:', 'event:', 'id:', 'retry:', ':'];

/** The kind of a body by its first bytes; undefined while they are too few. The header decides only when the bytes do not. */
const kindOf = (head: string, type: string, isAll: boolean): Body['kind'] | undefined => {
  const start = head.replace(/^[\ufeff\s]+/, '');
  if (start === '' && !isAll) return undefined;
  if (start.startsWith('{') || start.startsWith('[')) return 'json';
  if (start.startsWith('<')) return start.length < 16 && !isAll ? undefined : isPage(start) ? 'page' : 'text';
  if (fieldNames.some((name) => start.startsWith(name))) return 'stream';
  if (!isAll && fieldNames.some((name) => name.startsWith(start))) return undefined;
  return type.includes('text/event-stream') && !isAll ? 'stream' : 'text';
};

/**
 * Reads the body of an answer up to its end, to the end of the reply (`take` returns true), or to its bound. The first bytes
 * decide its kind, because many servers send a wrong content type or none.
 */
export const readBody = async (
  source: AsyncIterable<Uint8Array>,
  type: string,
  take: (event: StreamEvent) => boolean,
): Promise<Body> => {
  const decoder = new TextDecoder();
  let kind: Body['kind'] | undefined;
  let text = '';
  let total = 0;
  let sinceEvent = 0;
  let complete = false;
  const parser = createParser({
    maxBufferSize: bounds.event,
    onEvent({ event, data }) {
      sinceEvent = 0;
      complete ||= take({ event, data });
    },
    onComment() {
      sinceEvent = 0;
    },
    onError({ type }) {
      if (type === 'max-buffer-size-exceeded') throw tooLong();
    },
  });
  for await (const bytes of source) {
    total += bytes.length;
    const piece = decoder.decode(bytes, { stream: true });
    if (kind === 'stream') {
      sinceEvent += bytes.length;
      if (total > bounds.stream) throw new TooMuch(`the stream is longer than ${bounds.stream} bytes`);
      parser.feed(piece);
      if (sinceEvent > 2 * bounds.event) throw tooLong();
      if (complete) return { kind };
      continue;
    }
    if (total > bounds.body) throw new TooMuch(`the answer is longer than ${bounds.body} bytes`);
    text += piece;
    // Some servers send blanks to keep the connection alive.
    if (kind === undefined) text = text.trimStart();
    kind ??= kindOf(text, type, false);
    if (kind !== 'stream') continue;
    parser.feed(text);
    text = '';
    if (complete) return { kind };
  }
  kind ??= kindOf(text, type, true) ?? 'text';
  if (kind !== 'stream') return { kind, text };
  // Some servers leave out the blank line after the last event.
  parser.feed(`${text}\n\n`);
  return { kind };
};

/** The beginning of the body of an error response. */
export const readRefusal = async (source: AsyncIterable<Uint8Array>): Promise<string> => {
  const pieces: Uint8Array[] = [];
  let total = 0;
  for await (const bytes of source) {
    pieces.push(bytes);
    total += bytes.length;
    if (total >= bounds.refusal) break;
  }
  return new TextDecoder().decode(Buffer.concat(pieces).subarray(0, bounds.refusal));
};
