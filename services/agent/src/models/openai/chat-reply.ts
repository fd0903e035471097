import type { StreamEvent } from './chat-body.ts';
import { type ChatPart, type Counts, chatPart, parseLenient } from './chat-values.ts';

/** An error that the server tells of in the place of a reply, in whatever form. */
export class ToldError extends Error {
  override readonly name = 'ToldError';
  readonly told: unknown;
  constructor(told: unknown) {
    super('the server tells of an error');
    this.told = told;
  }
}
/** A stream that is not one of Chat Completions any more. */
export class BrokenStream extends Error {
  override readonly name = 'BrokenStream';
}

/** A reply is read up to this many characters; a longer one ends there like one that ran out of tokens. */
const mostText = 512 * 1024;
const mostReasoning = 256 * 1024;

const valuesIn = (data: string): unknown[] => {
  const whole = parseLenient(data);
  if (whole) return [whole.value];
  // Without blank lines between them several events are one.
  const lines = data.split('\n').filter((line) => line.trim() !== '' && line.trim() !== '[DONE]');
  const values = lines.map(parseLenient);
  return lines.length > 1 && values.every((value) => value !== undefined)
    ? values.map((value) => value?.value)
    : [];
};

/** What has come of a reply; the same for a stream and for an answer in one piece. */
export class ChatReply {
  readonly #onText: (text: string) => void;
  text = '';
  reasoning = '';
  /** Whether the server keeps reasoning apart from the reply, so that the text holds none. */
  separates = false;
  finish: string | undefined;
  usage: Counts | undefined;
  servedBy: string | undefined;
  fingerprint: string | undefined;
  /** Whether anything of Chat Completions came at all. */
  isChat = false;
  #done = false;

  constructor(onText: (text: string) => void) {
    this.#onText = onText;
  }

  /** Whether the reply has come to its end, so that nothing is lost if the connection is. */
  get complete(): boolean {
    return this.#done || this.finish !== undefined;
  }

  /** One event of a stream; true when the reply needs no more. */
  take({ event, data }: StreamEvent): boolean {
    const trimmed = data.trim();
    if (trimmed === '') return false;
    if (/(?:^|\n)\s*\[DONE\]$/.test(trimmed.slice(-20))) this.#done = true;
    if (trimmed === '[DONE]') return true;
    const values = valuesIn(data);
    if (values.length === 0) {
      if (this.complete) return true;
      if (/^[{[]/.test(trimmed)) throw new BrokenStream('an event of the stream is not JSON');
      throw new ToldError(trimmed);
    }
    for (const value of values) {
      if (event === 'error' && !this.complete) throw new ToldError(value);
      this.add(value);
    }
    return this.#done || this.text.length >= mostText;
  }

  add(value: unknown): void {
    const part = chatPart(value);
    // Behind the end of a reply it cannot make it wrong any more.
    if (part.error !== undefined && !this.complete) throw new ToldError(part.error);
    this.isChat ||= part.isChat;
    if (part.finish === 'error') throw new ToldError({ message: 'finish_reason: error', code: 500 });
    this.#addText(part);
    if (this.reasoning.length < mostReasoning) this.reasoning += part.reasoning.slice(0, mostReasoning);
    this.separates ||= part.reasoning !== '';
    this.finish = part.finish ?? this.finish;
    this.usage = part.usage ?? this.usage;
    this.servedBy = part.servedBy ?? this.servedBy;
    this.fingerprint = part.fingerprint ?? this.fingerprint;
    // A chunk with nothing but its usage is the last one.
    if (part.isChat && !part.hasChoices && part.usage && this.text !== '') this.#done = true;
  }

  #addText({ text, whole }: ChatPart): void {
    const fresh = whole && text.startsWith(this.text) ? text.slice(this.text.length) : text;
    const room = mostText - this.text.length;
    const piece = fresh.slice(0, room);
    if (fresh.length > room) this.finish = 'length';
    if (piece === '') return;
    this.text += piece;
    this.#onText(piece);
  }
}
