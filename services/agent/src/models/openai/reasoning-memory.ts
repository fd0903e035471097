/** How much reasoning is kept, in characters. */
const most = 256 * 1024;

/**
 * The reasoning behind this agent's newest replies, for a server that wants it back with them. It never leaves for
 * another server: each server has a memory of its own.
 */
export class ReasoningMemory {
  readonly #kept = new Map<string, string>();
  #size = 0;

  keep(conversation: string, reply: string, reasoning: string): void {
    const key = keyOf(conversation, reply);
    this.#forget(key);
    this.#kept.set(key, reasoning);
    this.#size += key.length + reasoning.length;
    for (const oldest of this.#kept.keys()) {
      if (this.#size <= most) return;
      this.#forget(oldest);
    }
  }

  /** Empty when it is not known, or was forgotten. */
  of(conversation: string, reply: string): string {
    return this.#kept.get(keyOf(conversation, reply)) ?? '';
  }

  #forget(key: string): void {
    const reasoning = this.#kept.get(key);
    if (reasoning === undefined) return;
    this.#kept.delete(key);
    this.#size -= key.length + reasoning.length;
  }
}

/** The ledger has a reply without the blanks at its ends. */
const keyOf = (conversation: string, reply: string): string => `${conversation}\n${reply.trim()}`;
