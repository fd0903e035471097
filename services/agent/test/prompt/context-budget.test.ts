import { describe, expect, it } from 'vitest';
import { ContextBudgets, smallestBudget } from '../../src/prompt/context-budget.ts';

describe('how much of a conversation a model is shown', () => {
  it('the prompt budget is the setting of the operator until the server of the model refuses it', () => {
    const budgets = new ContextBudgets(8_000);
    expect(budgets.of('m')).toBe(8_000);
    budgets.refused('m', 8_000, 1_024);
    expect(budgets.of('m')).toBe(768);
    expect(budgets.of('other')).toBe(8_000);
  });

  it('the prompt budget is halved when the server does not name its context length, or refuses a prompt that should have fitted', () => {
    const budgets = new ContextBudgets(8_000);
    budgets.refused('m', 8_000, undefined);
    expect(budgets.of('m')).toBe(4_000);
    budgets.refused('m', 4_000, 100_000);
    expect(budgets.of('m')).toBe(2_000);
  });

  it('the prompt budget never becomes too small for a message, and a refusal of the smallest one is final', () => {
    const budgets = new ContextBudgets(8_000);
    expect(budgets.refused('m', 8_000, 10)).toBe(true);
    expect(budgets.of('m')).toBe(smallestBudget);
    expect(budgets.refused('m', smallestBudget, 10)).toBe(false);
  });

  it('the length that the server names is used only when it is clearly less than what was refused', () => {
    const after = (contextTokens: number) => {
      const budgets = new ContextBudgets(8_000);
      budgets.refused('m', 1_000, contextTokens);
      return budgets.of('m');
    };
    // Three quarters of the named length, when that is less than 950.
    expect(after(1_266)).toBe(949);
    expect(after(1_268)).toBe(500);
    expect(after(1_400)).toBe(500);
  });

  it('the prompt budget does not grow again', () => {
    const budgets = new ContextBudgets(8_000);
    budgets.refused('m', 8_000, 1_000);
    budgets.refused('m', 8_000, 4_000);
    expect(budgets.of('m')).toBe(750);
  });
});
