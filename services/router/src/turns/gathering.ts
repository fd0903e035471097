import type { Conversations } from '../conversations/conversations.ts';
import type { Conversation, Turn } from '../core/conversation.ts';
import { beginsWithout, gathersUntil } from '../core/gathering.ts';
import type { Targets } from '../presence/targets.ts';
import { Walk } from './walk.ts';

/** Members that are looked for in one tick. */
const budget = 20_000;

/** Conversations that wait for all their members before anybody is granted a turn. */
export class Gathering {
  readonly #conversations: Conversations;
  readonly #targets: Targets;
  /** Who was missing when it was last looked; `undefined` before that. */
  readonly #missing = new Map<string, readonly string[] | undefined>();
  readonly #walk = new Walk<string>();

  constructor(conversations: Conversations, targets: Targets) {
    this.#conversations = conversations;
    this.#targets = targets;
  }

  /** The conversation has changed. */
  see(state: Conversation): void {
    if (gathersUntil(state) === undefined) this.#missing.delete(state.id);
    else if (!this.#missing.has(state.id)) this.#missing.set(state.id, undefined);
  }

  /** Whether the turn has to wait, for a member or for an agent that completes a ring. */
  holds(state: Conversation, turn: Turn, now: number): boolean {
    const { id } = state;
    if (this.#missing.has(id) && this.#missing.get(id)?.length !== 0) return true;
    return this.#targets.awaits(state, turn, now);
  }

  /** `present`: somebody speaks for the name. */
  tick(present: (name: string) => boolean): void {
    this.#walk.step(
      () => this.#missing.keys(),
      budget,
      (id) => this.#look(id, present),
    );
  }

  /** How many members were looked for. */
  #look(id: string, present: (name: string) => boolean): number {
    const state = this.#conversations.get(id);
    if (!state) return 1;
    const now = this.#conversations.timeOf(state);
    const away = state.members.filter((name) => !present(name) && !state.seats.has(name));
    const missing = beginsWithout(state, now) ? [] : away;
    this.#missing.set(id, missing);
    if (missing.length > 0 && now >= (gathersUntil(state) ?? Number.POSITIVE_INFINITY))
      this.#conversations.submit(id, { type: 'missing', who: missing });
    return state.members.length;
  }
}
