import type { StreamEvent } from './chat-body.ts';
import { type ChatPart, type Counts, chatPart, parseLenient } from './chat-values.ts';

/** An error that the server sent instead of a reply, in any form. */
export class ReportedError extends Error {
  override readonly name = 'ReportedError';
  readonly body: unknown;
  constructor(body: unknown) {
    super('the server reported an error');
    this.body = body;
  }
}
/** The stream does not follow Chat Completions. */
export class BrokenStream extends Error {
  override readonly name = 'BrokenStream';
}

/** The maximum number of characters of a reply. A longer one is truncated, like one that reached its limit of tokens. */
const mostText = 512 * 1024;
const mostReasoning = 256 * 1024;

/** The end of a stream, as servers write it. */
const isEnd = /^"?\[?DONE\]?"?$/i;
/** Text in the place of an event that only keeps the connection alive. */
const isAlive = /^(?::.*|"?(?:ping|pong|heartbeat|keep-?alive)"?)$/is;

const valuesIn = (data: string): unknown[] => {
  const whole = parseLenient(data);
  if (whole) return [whole.value];
  // Several events without blank lines between them arrive as one.
  const lines = data.split('\n').filter((line) => line.trim() !== '' && line.trim() !== '[DONE]');
  const values = lines.map(parseLenient);
  return lines.length > 1 && values.every((value) => value !== undefined)
    ? values.map((value) => value?.value)
    : [];
};

/** Collects a reply from a stream or from an answer that is not streamed. */
export class ChatReply {
  readonly #onText: (text: string) => void;
  text = '';
  reasoning = '';
  /** Whether the server sends reasoning in a field of its own, so that the text contains none. */
  separates = false;
  finish: string | undefined;
  usage: Counts | undefined;
  servedBy: string | undefined;
  fingerprint: string | undefined;
  /** Whether any valid part of Chat Completions has arrived. */
  isChat = false;
  #done = false;

  constructor(onText: (text: string) => void) {
    this.#onText = onText;
  }

  /** Whether the reply is complete, so that a lost connection does no harm. */
  get complete(): boolean {
    return this.#done || this.finish !== undefined;
  }

  /** Adds one event of a stream. Returns true when the reply needs no more events. */
  take({ event, data: written }: StreamEvent): boolean {
    const name = event?.toLowerCase();
    if (name === 'done') this.#done = true;
    // Two layers of a server may each write the name of the field.
    const data = written.startsWith('{') ? written : written.replace(/^(?:\s*data:)+/, '');
    const trimmed = data.trim();
    if (!trimmed.startsWith('{') || trimmed.endsWith(']')) {
      if (trimmed === '' || isAlive.test(trimmed.slice(0, 200))) return this.#done;
      if (isEnd.test(trimmed) || /\n\s*\[DONE\]$/.test(trimmed.slice(-20))) this.#done = true;
      if (isEnd.test(trimmed)) return true;
    }
    const values = valuesIn(data);
    if (values.length === 0) {
      if (this.complete) return true;
      if (/^[{[]/.test(trimmed)) throw new BrokenStream('an event of the stream is not JSON');
      throw new ReportedError(trimmed);
    }
    for (const value of values) {
      if (name === 'error' && !this.complete) throw new ReportedError(value);
      this.add(value);
    }
    return this.#done || this.text.length >= mostText;
  }

  add(value: unknown): void {
    const part = chatPart(value);
    // An invalid event after the end of the reply is ignored.
    if (part.error !== undefined && !this.complete) throw new ReportedError(part.error);
    this.isChat ||= part.isChat;
    if (part.finish === 'error') throw new ReportedError({ message: 'finish_reason: error', code: 500 });
    this.#addText(part);
    if (this.reasoning.length < mostReasoning) this.reasoning += part.reasoning.slice(0, mostReasoning);
    this.separates ||= part.reasoning !== '';
    this.finish = part.finish ?? this.finish;
    this.usage = part.usage ?? this.usage;
    this.servedBy = part.servedBy ?? this.servedBy;
    this.fingerprint = part.fingerprint ?? this.fingerprint;
    // A chunk that has only the usage is the last one.
    if (part.isChat && !part.hasChoices && part.usage && this.text !== '') this.#done = true;
  }

  #addText({ text, whole }: ChatPart): void {
    const fresh = whole && text.startsWith(this.text) ? text.slice(this.text.length) : text;
    const left = mostText - this.text.length;
    const piece = fresh.slice(0, left);
    if (fresh.length > left) this.finish = 'length';
    if (piece === '') return;
    this.text += piece;
    this.#onText(piece);
  }
}
