import type { EntryOf } from '@parley/protocol';
import { type Fingerprint, fingerprintOf, likeness, saysGoodbye } from '@parley/text';
import type { Commit } from './conversations.ts';

/** The measurements of one message. Shares are 0 to 1. */
export interface MeasuredMessage {
  /** The share of it that is in no earlier message. */
  readonly novelty: number;
  /** The share of it that the same member has said before; undefined for its first message. */
  readonly selfOverlap: number | undefined;
  /** The share of it that is in the last message of another member; undefined if there is none. */
  readonly echo: number | undefined;
  /** Whether it does little more than say goodbye. */
  readonly isFarewell: boolean;
}

export interface HealthObserver {
  messageMeasured(message: MeasuredMessage): void;
  /** Too much was said at once to measure this one. */
  messageSkipped(): void;
  /** Of a conversation that has ended: the largest share of its characters that one member has said. */
  talkShare(share: number): void;
}

interface Earlier {
  readonly from: string;
  readonly fingerprint: Fingerprint;
}

interface Talk {
  readonly earlier: readonly Earlier[];
  readonly characters: Map<string, number>;
}

/** Earlier messages that a message is compared with. A fingerprint has at most 2 KiB, most have a quarter of that. */
const mostEarlier = 8;
/** Conversations of which earlier messages are kept: those in which something was said last. */
const mostTalks = 1_000;
/** Members whose characters are counted, of one conversation. */
const mostMembers = 64;
/** What may be measured in a second: a few milliseconds of work. A short message counts as much as one of this length. */
const charactersPerSecond = 200_000;
const leastCharacters = 1_000;
const secondMs = 1_000;

/**
 * Measures how messages relate to those before them. It follows commits and changes nothing. Its work and its memory are bounded:
 * beyond that, messages are skipped and counted, so that what is left is a sample.
 */
export class ConversationHealth {
  readonly #observer: HealthObserver;
  readonly #now: () => number;
  /** The conversation in which something was said last stands last. */
  readonly #talks = new Map<string, Talk>();
  #second = Number.NEGATIVE_INFINITY;
  #left = 0;

  /** `now`: the steady clock. */
  constructor(observer: HealthObserver, now: () => number) {
    this.#observer = observer;
    this.#now = now;
  }

  onCommit({ after: { id, parent }, entries }: Commit): void {
    for (const entry of entries) {
      if (entry.type === 'said') this.#said(id, entry);
      else if (entry.type === 'forked') this.#forked(id, parent?.conversation);
      else if (entry.type === 'ended') this.#ended(id);
    }
  }

  #said(id: string, { from, text }: EntryOf<'said'>): void {
    if (!this.#take(text.length)) return this.#observer.messageSkipped();
    const talk = this.#talks.get(id) ?? { earlier: [], characters: new Map<string, number>() };
    const fingerprint = fingerprintOf(text);
    const own = talk.earlier.filter((one) => one.from === from);
    const other = talk.earlier.findLast((one) => one.from !== from);
    this.#observer.messageMeasured({
      novelty: 1 - likenessTo(fingerprint, talk.earlier),
      selfOverlap: own.length > 0 ? likenessTo(fingerprint, own) : undefined,
      echo: other && likenessTo(fingerprint, [other]),
      isFarewell: saysGoodbye(text),
    });
    const { characters } = talk;
    if (characters.has(from) || characters.size < mostMembers)
      characters.set(from, (characters.get(from) ?? 0) + text.length);
    this.#keep(id, {
      characters,
      earlier: [...talk.earlier.slice(1 - mostEarlier), { from, fingerprint }],
    });
  }

  #forked(id: string, parent: string | undefined): void {
    const known = parent === undefined ? undefined : this.#talks.get(parent);
    if (known) this.#keep(id, { earlier: known.earlier, characters: new Map(known.characters) });
  }

  #ended(id: string): void {
    const talk = this.#talks.get(id);
    this.#talks.delete(id);
    if (!talk || talk.characters.size < 2) return;
    const all = [...talk.characters.values()];
    const sum = all.reduce((a, b) => a + b, 0);
    if (sum > 0) this.#observer.talkShare(Math.max(...all) / sum);
  }

  #keep(id: string, talk: Talk): void {
    this.#talks.delete(id);
    this.#talks.set(id, talk);
    if (this.#talks.size <= mostTalks) return;
    const [oldest] = this.#talks.keys();
    if (oldest !== undefined) this.#talks.delete(oldest);
  }

  /** Whether a message of this length may still be measured in this second. */
  #take(length: number): boolean {
    const now = this.#now();
    if (now - this.#second >= secondMs || now < this.#second) {
      this.#second = now;
      this.#left = charactersPerSecond;
    }
    if (this.#left <= 0) return false;
    this.#left -= Math.max(leastCharacters, length);
    return true;
  }
}

const likenessTo = (message: Fingerprint, earlier: readonly Earlier[]): number =>
  likeness(
    message,
    earlier.map(({ fingerprint }) => fingerprint),
  );
