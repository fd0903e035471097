import type { Conversations } from '../../conversations/conversations.ts';
import type { Conversation, Turn } from '../../core/conversation.ts';
import { beginsWithout, gathersUntil } from '../../core/floor/gathering.ts';
import type { Presence } from '../../presence/presence.ts';
import { Walk } from '../walk.ts';

/** The maximum number of members that one tick looks up. */
const budget = 20_000;

export interface GatheringOptions {
  readonly conversations: Conversations;
  readonly presence: Presence;
  /** How much later than the home of the conversation this router acts on it; 0 if it is the home. */
  readonly delayOf: (conversation: string) => number;
}

/** Holds back the turns of conversations that wait until all their members are connected. */
export class Gathering {
  readonly #conversations: Conversations;
  readonly #presence: Presence;
  readonly #delayOf: (conversation: string) => number;
  /** The members that were missing at the last check; undefined before the first one. */
  readonly #missing = new Map<string, readonly string[] | undefined>();
  readonly #walk = new Walk<string>();

  constructor({ conversations, presence, delayOf }: GatheringOptions) {
    this.#conversations = conversations;
    this.#presence = presence;
    this.#delayOf = delayOf;
  }

  /** The conversation has changed. */
  see(state: Conversation): void {
    if (gathersUntil(state) === undefined) this.#missing.delete(state.id);
    else if (!this.#missing.has(state.id)) this.#missing.set(state.id, undefined);
  }

  /** Whether the turn waits for a member, or for an agent that completes a ring of targets. */
  holds(state: Conversation, turn: Turn): boolean {
    const { id } = state;
    if (this.#missing.has(id) && this.#missing.get(id)?.length !== 0) return true;
    return this.#presence.targets.awaits(state, turn);
  }

  tick(): void {
    this.#walk.step(
      () => this.#missing.keys(),
      budget,
      (id) => this.#look(id),
    );
  }

  /** Returns how many members it looked up. */
  #look(id: string): number {
    const state = this.#conversations.get(id);
    if (!state) return 1;
    const now = this.#conversations.timeOf(state);
    const away = state.members.filter((name) => !this.#presence.isConnected(name) && !state.seats.has(name));
    const missing = beginsWithout(state, now) ? [] : away;
    this.#missing.set(id, missing);
    if (missing.length > 0 && now >= (gathersUntil(state) ?? Number.POSITIVE_INFINITY) + this.#delayOf(id))
      this.#conversations.submit(id, { type: 'missing', who: missing });
    return state.members.length;
  }
}
