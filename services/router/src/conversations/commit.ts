import type { Entry } from '@parley/protocol';
import type { Conversation } from '../core/conversation.ts';

/** Entries of one conversation that have just become durable, with the state around them. */
export interface Commit {
  readonly before: Conversation | undefined;
  readonly after: Conversation;
  readonly entries: readonly Entry[];
  /** Of the last entry. */
  readonly position: number;
}
export type Follower = (commit: Commit) => void;

/** All followers, in the order in which they were added. One that throws keeps no other from hearing. */
export class Followers {
  readonly #all: Follower[] = [];
  readonly #onError: (id: string, error: unknown) => 'hidden' | 'caught';
  /** Conversations in whose commit one failed. */
  readonly #shaken = new Set<string>();

  /** `onError` says whether the conversation has been hidden for it: then nothing follows from its state any more. */
  constructor(onError: (id: string, error: unknown) => 'hidden' | 'caught') {
    this.#onError = onError;
  }

  add(follower: Follower): void {
    this.#all.push(follower);
  }

  tell(commit: Commit): void {
    for (const follower of this.#all) {
      try {
        follower(commit);
      } catch (error) {
        if (this.#onError(commit.after.id, error) === 'caught') this.#shaken.add(commit.after.id);
      }
    }
  }

  takeShaken(): string[] {
    const shaken = [...this.#shaken];
    this.#shaken.clear();
    return shaken;
  }
}
