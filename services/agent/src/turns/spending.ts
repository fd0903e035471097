import type { Usage } from '@parley/protocol';
import type { Place } from '../link/outbox.ts';

const sum = (a: Usage, b: Usage): Usage => ({
  ...b,
  inputTokens: a.inputTokens + b.inputTokens,
  outputTokens: a.outputTokens + b.outputTokens,
  ...((a.estimated || b.estimated) && { estimated: true }),
});

/**
 * Tokens that were used and that the router has not counted: those of bids, of summaries and of replies that could
 * not be said, too. They go with the next answer, so that no call is free.
 */
export class Spending {
  readonly #open = new Map<string, Usage>();
  /** What went with an answer that the router has not confirmed. */
  readonly #told = new Map<string, { readonly turn: number; readonly usage: Usage }>();

  add(conversation: string, usage: Usage): void {
    const open = this.#open.get(conversation);
    this.#open.set(conversation, open ? sum(open, usage) : usage);
  }

  /** All that is open, to go with the answer to this turn. */
  tell({ conversation, turn }: Place): { readonly usage?: Usage } {
    const usage = this.#open.get(conversation);
    if (!usage) return {};
    this.#open.delete(conversation);
    this.#told.set(conversation, { turn, usage });
    return { usage };
  }

  /** The router has counted what went with the answer. */
  counted({ conversation, turn }: Place): void {
    if (this.#told.get(conversation)?.turn === turn) this.#told.delete(conversation);
  }

  /** The answer was not taken: what went with it goes with the next one. */
  notCounted({ conversation, turn }: Place): void {
    const told = this.#told.get(conversation);
    if (told?.turn !== turn) return;
    this.#told.delete(conversation);
    this.add(conversation, told.usage);
  }

  /** The connection is another: what went with answers that will not be sent again goes with the next ones. */
  reconnected(isKept: (place: Place) => boolean): void {
    for (const [conversation, { turn }] of [...this.#told])
      if (!isKept({ conversation, turn })) this.notCounted({ conversation, turn });
  }

  forget(conversation: string): void {
    this.#open.delete(conversation);
    this.#told.delete(conversation);
  }
}
