import { describe, expect, it } from 'vitest';
import { ContextBudgets, smallestBudget } from '../../src/prompt/context-budget.ts';

describe('how much of a conversation a model is shown', () => {
  it('is what the operator set, until the server of the model refuses it', () => {
    const budgets = new ContextBudgets(8_000);
    expect(budgets.of('m')).toBe(8_000);
    budgets.refused('m', 8_000, 1_024);
    expect(budgets.of('m')).toBe(768);
    expect(budgets.of('other')).toBe(8_000);
  });

  it('is half where the server does not name its size, or refuses what should have fitted', () => {
    const budgets = new ContextBudgets(8_000);
    budgets.refused('m', 8_000, undefined);
    expect(budgets.of('m')).toBe(4_000);
    budgets.refused('m', 4_000, 100_000);
    expect(budgets.of('m')).toBe(2_000);
  });

  it('is never too little to speak, and a refusal of the least is final', () => {
    const budgets = new ContextBudgets(8_000);
    expect(budgets.refused('m', 8_000, 10)).toBe(true);
    expect(budgets.of('m')).toBe(smallestBudget);
    expect(budgets.refused('m', smallestBudget, 10)).toBe(false);
  });

  it('does not grow again', () => {
    const budgets = new ContextBudgets(8_000);
    budgets.refused('m', 8_000, 1_000);
    budgets.refused('m', 8_000, 4_000);
    expect(budgets.of('m')).toBe(750);
  });
});
