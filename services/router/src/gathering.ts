import type { Conversations } from './conversations.ts';
import type { Conversation } from './core/conversation.ts';
import { beginsWithout, gathersUntil } from './core/gathering.ts';

/** Conversations that wait for all their members before anybody is granted a turn. */
export class Gathering {
  readonly #conversations: Conversations;
  /** Who was missing when it was last looked; `undefined` before that. */
  readonly #missing = new Map<string, readonly string[] | undefined>();

  constructor(conversations: Conversations) {
    this.#conversations = conversations;
  }

  /** The conversation has changed. */
  see(state: Conversation): void {
    if (gathersUntil(state) === undefined) this.#missing.delete(state.id);
    else if (!this.#missing.has(state.id)) this.#missing.set(state.id, undefined);
  }

  /** Whether its turns have to wait. */
  holds(id: string): boolean {
    return this.#missing.has(id) && this.#missing.get(id)?.length !== 0;
  }

  /** `present`: somebody speaks for the name. */
  tick(now: number, present: (name: string) => boolean): void {
    for (const id of this.#missing.keys()) {
      const state = this.#conversations.get(id);
      if (!state) continue;
      const away = state.members.filter((name) => !present(name) && !state.seats.has(name));
      const missing = beginsWithout(state, now) ? [] : away;
      this.#missing.set(id, missing);
      if (missing.length > 0 && now >= (gathersUntil(state) ?? Number.POSITIVE_INFINITY))
        this.#conversations.submit(id, { type: 'missing', who: missing });
    }
  }
}
