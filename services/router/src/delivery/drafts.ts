import { type Entry, maxTextLength } from '@parley/protocol';

/** What a member has written so far of its answer to a turn. */
export interface Draft {
  readonly conversation: string;
  readonly turn: number;
  readonly from: string;
  readonly text: string;
  /** The offset of the text in the reply: more than 0 where the beginning is not known. */
  readonly offset: number;
}

interface Held {
  readonly from: string;
  readonly offset: number;
  /** Streamed to another router. */
  readonly isForeign: boolean;
  text: string;
  /** Characters that were streamed. More than `text` holds when an answer is longer than a message may be. */
  length: number;
}

/** The maximum length of all drafts together. The oldest drafts are dropped first. */
const maxCharacters = 4 * 1024 * 1024;

/**
 * Replies that are being streamed, for an observer that connects in the middle of one. They are lost with the process: the
 * ledger holds only complete messages.
 */
export class Drafts {
  readonly #held = new Map<string, Map<number, Held>>();
  #characters = 0;

  /**
   * Returns the offset of the text in the reply. `at`: that offset, for a reply that is streamed to another router: missing
   * text before it was lost on the way.
   */
  add(conversation: string, turn: number, from: string, text: string, at?: number): number {
    const turns = this.#held.get(conversation) ?? new Map<number, Held>();
    const known = turns.get(turn);
    const continues = known?.from === from && (at === undefined || at === known.length);
    const held = continues
      ? known
      : { from, text: '', offset: at ?? 0, isForeign: at !== undefined, length: at ?? 0 };
    if (known && known !== held) this.#characters -= known.text.length;
    const offset = held.length;
    const kept = text.slice(0, Math.max(0, maxTextLength - held.text.length));
    held.text += kept;
    held.length += text.length;
    this.#characters += kept.length;
    this.#held.set(conversation, turns.set(turn, held));
    for (const oldest of this.#held.keys()) {
      if (this.#characters <= maxCharacters) break;
      this.#drop(oldest);
    }
    return offset;
  }

  /** Drops the draft of a turn that is over. */
  onEntry(conversation: string, entry: Entry): void {
    const turns = this.#held.get(conversation);
    if (!turns) return;
    if (entry.type === 'ended') this.#drop(conversation);
    else if ('turn' in entry && entry.turn !== undefined) {
      this.#characters -= turns.get(entry.turn)?.text.length ?? 0;
      turns.delete(entry.turn);
      if (turns.size === 0) this.#held.delete(conversation);
    }
  }

  /** The drafts of one conversation, or of all. `only`: those of agents of this router. */
  *of(conversation: string | undefined, only?: 'own'): Generator<Draft> {
    for (const [id, turns] of this.#held) {
      if (conversation !== undefined && id !== conversation) continue;
      for (const [turn, { from, text, offset, isForeign }] of turns)
        if (only === undefined || !isForeign) yield { conversation: id, turn, from, text, offset };
    }
  }

  #drop(conversation: string): void {
    for (const { text } of this.#held.get(conversation)?.values() ?? []) this.#characters -= text.length;
    this.#held.delete(conversation);
  }
}
