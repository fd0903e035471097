/** Of the tokens that a model takes in all, so many are for what it is shown; the rest is for its reply and for estimates that are off. */
const shownShare = 0.75;
export const smallestBudget = 200;

/**
 * How much of a conversation each model is shown: what the operator set, or less where the model's server has refused
 * more. Kept as long as the process, by model, so that one refusal is enough.
 */
export class ContextBudgets {
  readonly #most: number;
  readonly #learned = new Map<string, number>();

  constructor(most: number) {
    this.#most = most;
  }

  of(model: string): number {
    return this.#learned.get(model) ?? this.#most;
  }

  /** After a refusal of `budget`. `contextTokens`: what the server says that the model takes. False: nothing less is worth trying. */
  refused(model: string, budget: number, contextTokens: number | undefined): boolean {
    const named = contextTokens === undefined ? Number.POSITIVE_INFINITY : contextTokens * shownShare;
    // Refused although it should have fitted: the estimates are too low by more than the rest.
    const less = Math.floor(named < budget * 0.95 ? named : budget / 2);
    const next = Math.max(smallestBudget, less);
    if (next < this.of(model)) this.#learned.set(model, next);
    return budget > smallestBudget;
  }
}
