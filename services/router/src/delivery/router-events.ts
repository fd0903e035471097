import type { Entry } from '@parley/protocol';
import type { Commit } from '../conversations/conversations.ts';
import type { Faults } from '../faults.ts';
import { Drafts } from './drafts.ts';

/** Something that happened and that a watcher may show. Chunks and agents are ephemeral: they have no position. */
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
      /** Where in the reply the text stands. */
      readonly offset: number;
    }
  | { readonly type: 'agents' };

export type RouterEventListener = (happening: RouterEvent) => void;

/** Whoever looks on: the console, the command line, `history` with `follow`. Costs nothing while nobody does. */
export class RouterEvents {
  readonly #all = new Set<RouterEventListener>();
  readonly #faults: Faults;
  /** What the members have written so far, for those who come in the middle of a reply. */
  readonly drafts = new Drafts();

  constructor(faults: Faults) {
    this.#faults = faults;
  }

  /** Returns the function that stops it. */
  add(watcher: RouterEventListener): () => void {
    this.#all.add(watcher);
    return () => this.#all.delete(watcher);
  }

  /** A part of a reply that is being written. */
  chunk(conversation: string, turn: number, from: string, text: string): void {
    const offset = this.drafts.add(conversation, turn, from, text);
    this.tell({ type: 'chunk', conversation, turn, from, text, offset });
  }

  tell(happening: RouterEvent): void {
    for (const watcher of this.#all) {
      this.#faults.guard(
        'follower',
        'watcher',
        () => watcher(happening),
        () => this.#all.delete(watcher),
      );
    }
  }

  onCommit({ after, entries, position }: Commit): void {
    for (const entry of entries) this.drafts.onEntry(after.id, entry);
    if (this.#all.size === 0) return;
    entries.forEach((entry, index) => {
      const at = position - (entries.length - 1 - index);
      this.tell({ type: 'entry', position: at, conversation: after.id, entry });
    });
  }
}
