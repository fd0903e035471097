import type { Entry } from '@parley/protocol';
import type { Conversation } from '../core/conversation.ts';
import { type FloorChange, floorChange } from '../core/floor/floor-change.ts';

/** Entries of one conversation that have just become durable, with the states before and after. */
export interface Commit {
  readonly before: Conversation | undefined;
  readonly after: Conversation;
  readonly entries: readonly Entry[];
  /** What they changed in the turns. */
  readonly turns: FloorChange;
  /** Position in the ledger of the last entry. */
  readonly position: number;
  /** Another router on the same ledger has made it. */
  readonly isForeign: boolean;
}

/** A conversation of which a follower missed a commit: the turns that have ended since then, and all that are open. */
export type Missed = Pick<Commit, 'after' | 'turns'>;

export type Follower = (commit: Commit) => void;

/** All followers, in the order in which they were added. If one throws, the others are still called. */
export class Followers {
  readonly #all: { readonly name: string; readonly follower: Follower }[] = [];
  readonly #onError: (id: string, name: string, error: unknown) => 'hidden' | 'caught';
  /** Conversations of which a follower missed a commit, with the state before the first one that was missed. */
  readonly #missed = new Map<string, Conversation | undefined>();

  /** `onError` returns `hidden` when it has hidden the conversation: then its followers need not catch up. */
  constructor(onError: (id: string, name: string, error: unknown) => 'hidden' | 'caught') {
    this.#onError = onError;
  }

  /** `name` is for the log. Each name is used once. */
  add(name: string, follower: Follower): void {
    if (this.#all.some((one) => one.name === name)) throw new Error(`there is a follower ${name} already`);
    this.#all.push({ name, follower });
  }

  notify({ before, after, entries, position, isForeign }: Omit<Commit, 'turns'>): void {
    const turns = floorChange(before, after);
    const commit: Commit = { before, after, entries, turns, position, isForeign };
    for (const { name, follower } of this.#all) {
      try {
        follower(commit);
      } catch (error) {
        if (this.#onError(after.id, name, error) === 'caught') this.missed(after.id, before);
      }
    }
  }

  /** The state of the conversation was replaced without a commit. `before`: what it was. */
  missed(id: string, before: Conversation | undefined): void {
    if (!this.#missed.has(id)) this.#missed.set(id, before);
  }

  /** `find` gives the present state, also of a conversation that has ended. */
  takeMissed(find: (id: string) => Conversation | undefined): Missed[] {
    const missed = [...this.#missed];
    this.#missed.clear();
    return missed.flatMap(([id, before]) => {
      const after = find(id);
      return after ? { after, turns: { ...floorChange(before, after), due: after.floor } } : [];
    });
  }
}
