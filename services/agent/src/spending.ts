import type { Usage } from '@parley/protocol';

const sum = (a: Usage, b: Usage): Usage => ({
  ...b,
  inputTokens: a.inputTokens + b.inputTokens,
  outputTokens: a.outputTokens + b.outputTokens,
  ...((a.estimated || b.estimated) && { estimated: true }),
});

/**
 * Tokens that were used and that the router has not been told of: those of bids, of summaries and of replies that
 * could not be said. They are reported with the next line, so that no call is free.
 */
export class Spending {
  readonly #open = new Map<string, Usage>();

  add(conversation: string, usage: Usage): void {
    const open = this.#open.get(conversation);
    this.#open.set(conversation, open ? sum(open, usage) : usage);
  }

  /** All that is open, which counts as told from now on. */
  take(conversation: string): { readonly usage?: Usage } {
    const usage = this.#open.get(conversation);
    this.#open.delete(conversation);
    return usage ? { usage } : {};
  }
}
