import { createParser } from 'eventsource-parser';
import { isPage } from './server-words.ts';

/** How much of an answer is read, in bytes of what it is when it is unpacked. */
export const bounds = {
  /** A stream in all: reasoning of a hundred thousand tokens, each in a chunk of its own. */
  stream: 64 * 1024 * 1024,
  /** What comes between two events. */
  event: 1024 * 1024,
  /** An answer in one piece. */
  body: 4 * 1024 * 1024,
  /** The body of a refusal: the rest of it is not read. */
  refusal: 64 * 1024,
} as const;

export class TooMuch extends Error {
  override readonly name = 'TooMuch';
}

export interface StreamEvent {
  readonly event: string | undefined;
  readonly data: string;
}
/** What a body was; the events of a stream have been handed on while they came. */
export type Body =
  | { readonly kind: 'stream' }
  /** JSON, or what begins like it. */
  | { readonly kind: 'json'; readonly text: string }
  | { readonly kind: 'page'; readonly text: string }
  | { readonly kind: 'text'; readonly text: string };

const tooLong = () => new TooMuch(`an event of the stream is longer than ${bounds.event} bytes`);

const fieldNames = ['data:', 'event:', 'id:', 'retry:', ':'];

/** What the first bytes say that a body is; undefined as long as they do not. The header decides only when they cannot. */
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
 * Reads the body of an answer to its end, to the end of the reply (`take` gives true), or to its bound. The first
 * bytes decide what it is: many servers name a wrong content type, or none.
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
    // Blanks keep a connection alive while the server is at work.
    if (kind === undefined) text = text.trimStart();
    kind ??= kindOf(text, type, false);
    if (kind !== 'stream') continue;
    parser.feed(text);
    text = '';
    if (complete) return { kind };
  }
  kind ??= kindOf(text, type, true) ?? 'text';
  if (kind !== 'stream') return { kind, text };
  // Some servers leave out the blank line behind their last event.
  parser.feed(`${text}\n\n`);
  return { kind };
};

/** The beginning of a refusal's body. */
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
