import { describe, expect, it } from 'vitest';
import type { Summary } from '../../src/memory/turn-context.ts';
import { failed, type ModelReply, type ModelRequest } from '../../src/models/model.ts';
import { ContextBudgets } from '../../src/prompt/context-budget.ts';
import type { TurnInput } from '../../src/turns/turn.ts';
import { textReply } from '../fake-model.ts';
import { contextOf } from '../turn-contexts.ts';
import { turnTaken } from './taken-turn.ts';

const long = (count: number) =>
  contextOf(
    Array.from({ length: count }, (_, i) => [i % 2 ? 'bob' : 'alice', `${i}: ${'word '.repeat(30)}`]),
  );
const overflow = failed('context-overflow', 'too long');

/** Takes one turn of alice's in a long conversation. The model answers each call by its purpose. */
const take = async (
  reply: (request: ModelRequest, call: number) => ModelReply,
  more: Partial<TurnInput> = {},
) => {
  const kept: Summary[] = [];
  const budgets: number[] = [];
  const { answer, asked } = await turnTaken(reply, {
    context: long(40),
    prompt: async (_context, budget) => {
      budgets.push(budget);
      return [{ role: 'user', content: 'Go on.' }];
    },
    budgets: new ContextBudgets(800),
    historyTokens: 800,
    keepSummary: (summary) => kept.push(summary) > 0,
    ...more,
  });
  return { answer, kept, budgets, asked, purposes: asked.map(({ purpose }) => purpose) };
};
const notes = ({ purpose }: ModelRequest) => textReply(purpose === 'summary' ? 'They say words.' : 'Yes.');

describe('the summaries of a turn', () => {
  it('a turn summarises once what no longer fits, and then speaks', async () => {
    const { answer, kept, purposes } = await take(notes);
    expect(purposes).toEqual(['summary', 'message']);
    expect(kept).toEqual([{ through: expect.any(Number), text: 'They say words.' }]);
    expect(answer).toEqual({ kind: 'say', text: 'Yes.' });
  });

  it('a turn of a model with a shorter context summarises in several calls, each within that context, and no more than eight', async () => {
    const budgets = new ContextBudgets(4_000);
    budgets.refused('fake', 4_000, 700);
    const { asked, kept, purposes } = await take(notes, { budgets, historyTokens: 4_000, context: long(24) });
    expect(purposes.filter((purpose) => purpose === 'summary').length).toBeGreaterThan(1);
    expect(purposes.at(-1)).toBe('message');
    // 525 tokens are shown of the 700; four fifths of them, and a line, are summarised in one call.
    for (const { messages } of asked.slice(0, -1))
      expect(messages.at(-1)?.content.match(/word word/g)?.length).toBeLessThan(12 * 15);
    const through = kept.map((summary) => summary.through);
    expect(through).toEqual(through.toSorted((a, b) => a - b));
    const endless = await take(notes, { budgets, historyTokens: 4_000, context: long(400) });
    expect(endless.purposes).toEqual([...Array(8).fill('summary'), 'message']);
  });

  it('a turn whose only call was used for the summary asks for another grant', async () => {
    const { answer, kept, purposes } = await take(notes, { calls: 1 });
    expect([answer, purposes, kept.length]).toEqual([{ kind: 'summarised' }, ['summary'], 1]);
    expect((await take(notes, { calls: 2 })).answer).toEqual({ kind: 'say', text: 'Yes.' });
  });

  it('a turn speaks without a summary that fails, is empty or cannot be kept, and does not ask for it again', async () => {
    const without = [
      (request: ModelRequest) =>
        request.purpose === 'summary' ? failed('model-rejected', 'no') : notes(request),
      (request: ModelRequest) => textReply(request.purpose === 'summary' ? '<think>hm</think>' : 'Yes.'),
    ];
    for (const reply of without) {
      const { answer, kept, purposes } = await take(reply);
      expect([answer, kept, purposes]).toEqual([{ kind: 'say', text: 'Yes.' }, [], ['summary', 'message']]);
    }
    const refused = await take(notes, { keepSummary: () => false });
    expect(refused.purposes).toEqual(['summary', 'message']);
  });

  it('a summary that fails is the answer of the turn when no call is left or the turn is called off', async () => {
    const failing = () => failed('rate-limited', 'HTTP 429');
    expect((await take(failing, { calls: 1 })).answer).toMatchObject({ reason: 'rate-limited' });
    const gone = new AbortController();
    const aborting = () => {
      gone.abort('interrupted');
      return failed('interrupted', 'called off');
    };
    const off = await take(aborting, { signal: gone.signal });
    expect(off.answer).toMatchObject({ reason: 'interrupted', detail: 'called off' });
    expect(off.purposes).toEqual(['summary']);
  });

  it('a bid, an agent that keeps no summaries, and a turn that failed before summarise nothing', async () => {
    const bid = await take(() => textReply('70'), { wanted: 'bid' });
    expect(bid.purposes).toEqual(['bid']);
    expect((await take(notes, { keepSummary: undefined })).purposes).toEqual(['message']);
    const failedBefore = { ...long(40), lapses: ['deadline', 'empty-reply'] as const };
    expect((await take(notes, { context: failedBefore })).purposes).toEqual(['message']);
    const lateBefore = { ...long(40), lapses: ['gone', 'deadline', 'interrupted', 'rate-limited'] as const };
    expect((await take(notes, { context: lateBefore })).purposes).toEqual(['summary', 'message']);
  });
});

describe('a prompt that is too long for the model', () => {
  const refusing = (times: number) => (request: ModelRequest, call: number) =>
    call <= times ? overflow : notes(request);
  const silent = { keepSummary: undefined };

  it('a turn tries a prompt of half the length, until the model takes it', async () => {
    const { answer, budgets } = await take(refusing(2), silent);
    expect(budgets).toEqual([800, 400, 200]);
    expect(answer).toEqual({ kind: 'say', text: 'Yes.' });
  });

  it('a turn ends when the smallest prompt is too long, too, or when no call is left', async () => {
    const smallest = await take(() => overflow, silent);
    expect(smallest.budgets).toEqual([800, 400, 200]);
    expect(smallest.answer).toMatchObject({ reason: 'context-overflow' });
    const paid = await take(() => overflow, { ...silent, calls: 1 });
    expect(paid.budgets).toEqual([800]);
    expect((await take(refusing(1), { ...silent, calls: 2 })).answer).toEqual({ kind: 'say', text: 'Yes.' });
  });

  it('the length is learned for the model that the conversation names, and for no other', async () => {
    const budgets = new ContextBudgets(800);
    await take(refusing(1), { ...silent, budgets, context: { ...long(40), model: 'large' } });
    expect([budgets.of('large'), budgets.of('fake')]).toEqual([400, 800]);
  });

  it('a turn that failed before summarises once its prompt was too long', async () => {
    const context = { ...long(40), lapses: ['empty-reply'] as const };
    const { purposes } = await take(refusing(1), { context });
    expect(purposes.slice(0, 2)).toEqual(['message', 'summary']);
    expect(purposes.at(-1)).toBe('message');
  });
});
