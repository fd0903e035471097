import { createParser } from 'eventsource-parser';
import { parseLenient } from './chat-values.ts';
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
  | {
      readonly kind: 'stream';
      /** The first text in the stream that belongs to no event. */
      readonly stray: string | undefined;
    }
  /** Text that begins like JSON. */
  | { readonly kind: 'json'; readonly text: string }
  | { readonly kind: 'page'; readonly text: string }
  | { readonly kind: 'text'; readonly text: string };

const tooLong = () => new TooMuch(`an event of the stream is longer than ${bounds.event} bytes`);

/** What some servers write before the name of a field. */
const beforeField = /^[\ufeff\0 \t]+(?=(?:data|event):)/gm;

/** Passes on whole lines only. A parser of events drops an unknown line that arrives in pieces. */
const wholeLines = (feed: (lines: string) => void): ((piece: string) => void) => {
  let held: string[] = [];
  let size = 0;
  return (piece) => {
    const end = Math.max(piece.lastIndexOf('\n'), piece.lastIndexOf('\r')) + 1;
    held.push(piece.slice(0, end || piece.length));
    size += piece.length;
    if (end === 0 && size > bounds.event) throw tooLong();
    if (end === 0) return;
    feed(held.join('').replace(beforeField, ''));
    held = [piece.slice(end)];
    size = piece.length - end;
  };
};

const fieldNames = ['data:', 'event:', 'id:', 'retry:', ':'];

/** The kind of a body by its first bytes; undefined while they are too few. The header decides only when the bytes do not. */
const kindOf = (head: string, type: string, isAll: boolean): Body['kind'] | undefined => {
  const start = head.replace(/^[\ufeff\0\s]+/, '');
  if (start === '' && !isAll) return undefined;
  if (start.startsWith('{') || start.startsWith('[')) return 'json';
  if (start.startsWith('<')) return start.length < 16 && !isAll ? undefined : isPage(start) ? 'page' : 'text';
  if (fieldNames.some((name) => start.startsWith(name))) return 'stream';
  if (!isAll && fieldNames.some((name) => name.startsWith(start))) return undefined;
  return type.includes('text/event-stream') && !isAll ? 'stream' : 'text';
};

/** A decoder for the charset of the content type, if it is known. A stream of events is always UTF-8, whatever is named. */
const decoderFor = (type: string) => {
  if (type.includes('text/event-stream')) return new TextDecoder();
  try {
    return new TextDecoder(/charset="?([\w-]{1,40})/i.exec(type)?.[1] ?? 'utf-8');
  } catch {
    return new TextDecoder();
  }
};

/** Charsets in which any text can also be valid UTF-8 of other characters. */
const ambiguous = /^(?:utf-16|iso-2022)/;
/** A whole text. Many servers name a charset that is not the one of their answer, so UTF-8 is tried first. */
const decodedWhole = (bytes: Uint8Array, type: string): string => {
  const named = decoderFor(type);
  if (ambiguous.test(named.encoding)) return named.decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return named.decode(bytes);
  }
};

/** Ends without an error when the connection is lost after the whole body: some servers name a length that is too large. */
async function* untilLost(
  source: AsyncIterable<Uint8Array>,
  isComplete: () => boolean,
): AsyncGenerator<Uint8Array> {
  try {
    yield* source;
  } catch (error) {
    if (!isComplete()) throw error;
  }
}
const isWhole = (kind: Body['kind'] | undefined, text: string): boolean =>
  kind === 'json' && parseLenient(text) !== undefined;

/**
 * Reads the body of an answer up to its end, to the end of the reply (`take` returns true), or to its bound. The first bytes
 * decide its kind, because many servers send a wrong content type or none.
 */
export const readBody = async (
  source: AsyncIterable<Uint8Array>,
  type: string,
  take: (event: StreamEvent) => boolean,
): Promise<Body> => {
  const decoder = decoderFor(type);
  let kind: Body['kind'] | undefined;
  let text = '';
  /** The bytes of an answer that is not streamed. */
  let whole: Uint8Array[] = [];
  let total = 0;
  let sinceEvent = 0;
  let complete = false;
  let stray: string | undefined;
  const parser = createParser({
    maxBufferSize: bounds.event,
    onEvent({ event, data }) {
      sinceEvent = 0;
      complete ||= take({ event, data });
    },
    onComment() {
      sinceEvent = 0;
    },
    onError({ type, field, value, line }) {
      if (type === 'max-buffer-size-exceeded') throw tooLong();
      const text = line?.trim() ?? '';
      // A whole object between the events of a stream, and the field in which llama.cpp sends errors.
      if (text.startsWith('{')) complete ||= take({ event: undefined, data: text });
      else if (field === 'error') complete ||= take({ event: 'error', data: value ?? '' });
      else if (text !== '') stray ??= text.slice(0, 2_000);
    },
  });
  const feed = wholeLines((lines) => parser.feed(lines));
  const pieces = untilLost(source, () => isWhole(kind, text));
  for await (const bytes of pieces) {
    total += bytes.length;
    const piece = decoder.decode(bytes, { stream: true });
    if (kind === 'stream') {
      sinceEvent += bytes.length;
      if (total > bounds.stream) throw new TooMuch(`the stream is longer than ${bounds.stream} bytes`);
      feed(piece);
      if (sinceEvent > 2 * bounds.event) throw tooLong();
      if (complete) return { kind, stray };
      continue;
    }
    if (total > bounds.body) throw new TooMuch(`the answer is longer than ${bounds.body} bytes`);
    text += piece;
    whole.push(bytes);
    // Some servers send blanks to keep the connection alive.
    if (kind === undefined) text = text.trimStart();
    kind ??= kindOf(text, type, false);
    if (kind !== 'stream') continue;
    feed(text);
    text = '';
    whole = [];
    if (complete) return { kind, stray };
  }
  kind ??= kindOf(text, type, true) ?? 'text';
  if (kind !== 'stream') return { kind, text: decodedWhole(Buffer.concat(whole), type).trimStart() };
  // Some servers leave out the blank line after the last event.
  feed(`${text}\n\n`);
  return { kind, stray };
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
