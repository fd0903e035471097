import type { Entry } from '@parley/protocol';
import type { Commit } from '../conversations/conversations.ts';
import type { Faults } from '../faults.ts';
import { Drafts } from './drafts.ts';

/**
 * An event that a listener may show. Events of the types `chunk` and `agents` are ephemeral: they have no position in the
 * ledger.
 */
export type RouterEvent =
  | {
      readonly type: 'entry';
      readonly position: number;
      readonly conversation: string;
      readonly entry: Entry;
    }
  | {
      readonly type: 'chunk';
      readonly conversation: string;
      readonly turn: number;
      readonly from: string;
      readonly text: string;
      /** The offset of the text in the reply. */
      readonly offset: number;
    }
  | { readonly type: 'agents' };

export type RouterEventListener = (event: RouterEvent) => void;
export type Chunk = Omit<Extract<RouterEvent, { type: 'chunk' }>, 'type'>;

/** Is called when the watched conversations change, and for each chunk of an agent of this router. */
export interface ChunkObserver {
  /** `conversation`: undefined for all. */
  watched(conversation: string | undefined, isWatched: boolean): void;
  written(chunk: Chunk): void;
}

/**
 * Publishes commits, chunks and changes of presence to listeners (server-sent events, `history` with `follow`). Costs nothing
 * without a listener.
 */
export class RouterEvents {
  readonly #all = new Set<RouterEventListener>();
  readonly #faults: Faults;
  /** How many listeners watch a conversation; undefined is all. */
  readonly #watching = new Map<string | undefined, number>();
  #observer: ChunkObserver | undefined;
  /** The parts of unfinished replies, for a listener that is added in the middle of one. */
  readonly drafts = new Drafts();

  constructor(faults: Faults) {
    this.#faults = faults;
  }

  /** Returns the function that removes the listener. */
  add(listener: RouterEventListener): () => void {
    this.#all.add(listener);
    return () => this.#all.delete(listener);
  }

  /** A listener shows the chunks of one conversation, or of all. Must be called again with -1 when it stops. */
  watch(conversation: string | undefined, change: 1 | -1 = 1): void {
    const count = (this.#watching.get(conversation) ?? 0) + change;
    if (count > 0) this.#watching.set(conversation, count);
    else this.#watching.delete(conversation);
    if (count === 0 || (count === 1 && change === 1)) this.#observer?.watched(conversation, count > 0);
  }

  /** Sets the only observer; to be called before the first listener is added. */
  observe(observer: ChunkObserver): void {
    this.#observer = observer;
  }

  /** A part of an unfinished reply was streamed. */
  chunk(conversation: string, turn: number, from: string, text: string): void {
    const offset = this.drafts.add(conversation, turn, from, text);
    const chunk = { conversation, turn, from, text, offset };
    this.publish({ type: 'chunk', ...chunk });
    this.#observer?.written(chunk);
  }

  /** A part of an unfinished reply, streamed to another router. */
  foreignChunk(chunk: Chunk): void {
    const { conversation, turn, from, text, offset } = chunk;
    this.drafts.add(conversation, turn, from, text, offset);
    this.publish({ type: 'chunk', ...chunk });
  }

  publish(event: RouterEvent): void {
    for (const listener of this.#all) {
      this.#faults.guard(
        'follower',
        'listener',
        () => listener(event),
        () => this.#all.delete(listener),
      );
    }
  }

  onCommit({ after, entries, position }: Commit): void {
    for (const entry of entries) this.drafts.onEntry(after.id, entry);
    if (this.#all.size === 0) return;
    entries.forEach((entry, index) => {
      const at = position - (entries.length - 1 - index);
      this.publish({ type: 'entry', position: at, conversation: after.id, entry });
    });
  }
}
