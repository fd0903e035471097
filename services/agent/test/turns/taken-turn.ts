import type { ModelReply, ModelRequest } from '../../src/models/model.ts';
import { ContextBudgets } from '../../src/prompt/context-budget.ts';
import { type TurnInput, takeTurn } from '../../src/turns/turn.ts';
import { contextOf } from '../turn-contexts.ts';

/** Takes one turn of alice's with a model that gives `reply` to each call, and tells what the model was asked. */
export const turnTaken = async (
  reply: (request: ModelRequest, call: number) => ModelReply,
  more: Partial<TurnInput> = {},
) => {
  const asked: ModelRequest[] = [];
  const taken = await takeTurn({
    wanted: 'speak',
    context: contextOf([['bob', 'Tea?']]),
    rules: { self: 'alice', others: ['bob'], maxLength: 10_000 },
    prompt: async () => [{ role: 'user', content: 'Go on.' }],
    model: {
      provider: 'fake',
      name: 'fake',
      async reply(request) {
        asked.push(request);
        return reply(request, asked.length);
      },
    },
    seed: undefined,
    budgets: new ContextBudgets(1_000),
    limits: { maxOutputTokens: undefined, usualTokens: 2_000, bidTokens: 16 },
    historyTokens: 1_000,
    calls: undefined,
    signal: new AbortController().signal,
    deadlineAt: 0,
    chunks: undefined,
    keepSummary: undefined,
    ...more,
  });
  return { ...taken, asked };
};
