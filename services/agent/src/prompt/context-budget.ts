/**
 * The share of the context length of a model that the prompt may use. The rest is for the reply and for errors of the estimate.
 */
const shownShare = 0.75;
export const smallestBudget = 200;

/**
 * The maximum length of the prompt for each model: the setting of the operator, or less after the server has refused a longer
 * prompt. Kept by model for the life of the process, so that one refusal is enough.
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

  /**
   * Reduces the budget after a refusal of `budget`. `contextTokens`: the context length that the server named. False: a smaller
   * prompt is useless.
   */
  refused(model: string, budget: number, contextTokens: number | undefined): boolean {
    const named = contextTokens === undefined ? Number.POSITIVE_INFINITY : contextTokens * shownShare;
    // The prompt should have fitted, so the estimate is too low by more than the reserve.
    const less = Math.floor(named < budget * 0.95 ? named : budget / 2);
    const next = Math.max(smallestBudget, less);
    if (next < this.of(model)) this.#learned.set(model, next);
    return budget > smallestBudget;
  }
}
