import type { Usage } from '@parley/protocol';
import type { Place } from '../link/outbox.ts';

const sum = (a: Usage, b: Usage): Usage => ({
  ...b,
  inputTokens: a.inputTokens + b.inputTokens,
  outputTokens: a.outputTokens + b.outputTokens,
  ...((a.estimated || b.estimated) && { estimated: true }),
});

/**
 * Used tokens that the router has not counted, including those of bids, of summaries and of unusable replies. They are reported
 * with the next answer, so that every call is counted.
 */
export class Spending {
  readonly #open = new Map<string, Usage>();
  /** The usage that was reported with unconfirmed answers. */
  readonly #reported = new Map<string, { readonly turn: number; readonly usage: Usage }>();

  add(conversation: string, usage: Usage): void {
    const open = this.#open.get(conversation);
    this.#open.set(conversation, open ? sum(open, usage) : usage);
  }

  /** All unreported usage, to be reported with the answer to this turn. */
  report({ conversation, turn }: Place): { readonly usage?: Usage } {
    const usage = this.#open.get(conversation);
    if (!usage) return {};
    this.#open.delete(conversation);
    this.#reported.set(conversation, { turn, usage });
    return { usage };
  }

  /** The router has accepted the answer and counted its usage. */
  counted({ conversation, turn }: Place): void {
    if (this.#reported.get(conversation)?.turn === turn) this.#reported.delete(conversation);
  }

  /** The answer was refused. Its usage is reported with the next one. */
  notCounted({ conversation, turn }: Place): void {
    const reported = this.#reported.get(conversation);
    if (reported?.turn !== turn) return;
    this.#reported.delete(conversation);
    this.add(conversation, reported.usage);
  }

  /** The agent has reconnected. The usage of answers that are not sent again is reported with the next ones. */
  reconnected(isKept: (place: Place) => boolean): void {
    for (const [conversation, { turn }] of [...this.#reported])
      if (!isKept({ conversation, turn })) this.notCounted({ conversation, turn });
  }

  forget(conversation: string): void {
    this.#open.delete(conversation);
    this.#reported.delete(conversation);
  }
}
