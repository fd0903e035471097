import type { ClientFrame } from '@parley/protocol';

export type Say = Extract<ClientFrame, { type: 'say' }> & { readonly turn: number };
export interface Place {
  readonly conversation: string;
  readonly turn: number;
}

/** Finished replies that the router has not confirmed. They outlive the connection and are sent again on the next. */
export class Outbox {
  readonly #says = new Map<string, Say>();

  put(say: Say): void {
    this.#says.set(say.conversation, say);
  }

  /** The reply that waits for this turn's confirmation. */
  get({ conversation, turn }: Place): Say | undefined {
    const say = this.#says.get(conversation);
    return say?.turn === turn ? say : undefined;
  }

  /** Takes out what was confirmed or refused. */
  settle(place: Place): Say | undefined {
    const say = this.get(place);
    if (say) this.#says.delete(place.conversation);
    return say;
  }

  forget(conversation: string): void {
    this.#says.delete(conversation);
  }

  all(): readonly Say[] {
    return [...this.#says.values()];
  }
}
