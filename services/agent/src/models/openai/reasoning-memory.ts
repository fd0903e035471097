/** The maximum number of characters that are kept. */
const most = 256 * 1024;

/**
 * The reasoning of the newest replies of this agent, for a server that requires it in later requests. Each server has a memory of
 * its own, so reasoning is never sent to another server.
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

  /** Empty when it is unknown or was evicted. */
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

/** Trimmed, because the ledger has replies without blanks at their ends. */
const keyOf = (conversation: string, reply: string): string => `${conversation}\n${reply.trim()}`;
