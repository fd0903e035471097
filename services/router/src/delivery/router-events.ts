import type { Entry } from '@parley/protocol';
import type { Commit } from '../conversations/conversations.ts';
import type { Faults } from '../faults.ts';

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
    }
  | { readonly type: 'agents' };

export type RouterEventListener = (happening: RouterEvent) => void;

/** Whoever looks on: the console, the command line, `history` with `follow`. Costs nothing while nobody does. */
export class RouterEvents {
  readonly #all = new Set<RouterEventListener>();
  readonly #faults: Faults;

  constructor(faults: Faults) {
    this.#faults = faults;
  }

  /** Returns the function that stops it. */
  add(watcher: RouterEventListener): () => void {
    this.#all.add(watcher);
    return () => this.#all.delete(watcher);
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
    if (this.#all.size === 0) return;
    entries.forEach((entry, index) => {
      const at = position - (entries.length - 1 - index);
      this.tell({ type: 'entry', position: at, conversation: after.id, entry });
    });
  }
}
