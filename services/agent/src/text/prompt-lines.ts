import type { ChatMessage } from '../models/model.ts';
import { bare, unitsOf } from './sentences.ts';

/** A shorter sentence may equal one of the prompt by chance, or because the persona asks for it. */
const shortest = 16;
const shortestWide = 8;

/** Remarks about the conversation in prompts of this version, of earlier versions and of other programs. */
const aboutTheTalk: readonly RegExp[] = [
  /^(?:the )?topic(?: of (?:the|this) conversation)? (?:is )?[\p{L}\p{N}]/u,
  /^what (?:the )?others? says? comes as\b/,
  /^you(?: a| )re [\p{L}\p{N} ]{1,64} in a conversation with /u,
  /^this is the last (?:line|message|turn)\b/,
  /^only \d+ (?:lines|messages) (?:are|is) left\b/,
  /^(?:the )?(?:conversation (?:begins|continues|ends|goes on)|earlier (?:lines|messages) are left out)$/,
  /^the narrator\b/,
  /^now [\p{L}\p{N} ]{1,64} speaks? to\b/u,
  /^(?:write|give) only [\p{L}\p{N} ]{1,64} (?:says next|next words)\b/u,
];
/** The prompt gives a topic as `topic: ...`. A speaker may say "the topic is old". */
const needsColon = /^[\s(*_]*(?:the )?topic[^:：\n]{0,40}[:：]/i;
/** `Topic: ...` is also a heading of a message. The share of its words that the prompt has, from which on it is of the prompt. */
const heading = /^topic\b/;
const shareOfPrompt = 0.6;

const isLongEnough = (words: string): boolean =>
  words.length >= shortest || (words.length >= shortestWide && /[\u1000-\uffff]/.test(words));

/** The text of Parley in a prompt: the system message, and lines in round brackets of the user messages. */
const ownWords = (messages: readonly ChatMessage[]): string[] =>
  messages.flatMap(({ role, content }) => {
    if (role === 'system') return [content];
    return role === 'user' ? (content.match(/^\([^()\n]{1,2000}\)$/gm) ?? []) : [];
  });

/** The sentences of a prompt, so that they can be removed from a reply that repeats them. */
export class PromptLines {
  readonly #sentences = new Set<string>();
  readonly #words = new Set<string>();

  constructor(messages: readonly ChatMessage[] = [], allowed: readonly string[] = []) {
    for (const text of ownWords(messages)) {
      for (const word of bare(text).split(' ')) this.#words.add(word);
      for (const line of text.split('\n')) {
        this.#take(line);
        for (const { from, to } of unitsOf(line)) {
          const sentence = line.slice(from, to);
          this.#take(sentence);
          // A private text is also removed when its mark is missing or incomplete.
          for (const part of sentence.split(/\bPRIVATE\b[\s:：–-]*|;/)) this.#take(part);
        }
      }
    }
    for (const phrase of allowed) this.#sentences.delete(bare(phrase));
  }

  #take(text: string): void {
    const words = bare(text);
    if (isLongEnough(words)) this.#sentences.add(words);
  }

  has(sentence: string): boolean {
    const words = bare(sentence);
    if (words === '') return false;
    if (this.#sentences.has(words)) return true;
    if (!/^(?:the|topic|what|you|this|only|conversation|earlier|now|write|give)/.test(words)) return false;
    return aboutTheTalk.some(
      (pattern, place) =>
        pattern.test(words) && (place > 0 || (needsColon.test(sentence) && !this.#isHeading(words))),
    );
  }

  #isHeading(words: string): boolean {
    if (!heading.test(words)) return false;
    const [, ...rest] = words.split(' ');
    return rest.filter((word) => this.#words.has(word)).length < shareOfPrompt * rest.length;
  }

  /** A text without the sentences and lines of the prompt, and whether it had any. */
  without(text: string): string {
    let kept = '';
    let from = 0;
    for (const unit of unitsOf(text)) {
      const line = text.slice(unit.from, unit.to);
      const recited = this.has(line);
      if (recited) {
        kept += text.slice(from, unit.from);
        from = unit.to;
      }
    }
    return from === 0 ? text : kept + text.slice(from);
  }
}

export const noPrompt = new PromptLines();
