import { type Entry, policyNames, routerFrame } from '@parley/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Command } from '../../src/core/command.ts';
import type { Conversation } from '../../src/core/conversation.ts';
import { evolve } from '../../src/core/evolve.ts';
import { Prices } from '../../src/quota/prices.ts';
import { lines, opened } from '../ledger/ledger-entries.ts';
import { granted, limits, Talk } from './talk.ts';

const kinds = [
  ...[
    'say',
    'say',
    'say',
    'say',
    'say',
    'say-again',
    'say-stale',
    'say-freely',
    'pass',
    'bid',
    'bid',
    'fail',
  ],
  ...['gone', 'pause', 'resume', 'step', 'join', 'leave', 'seat', 'unseat', 'operator', 'tick', 'restart'],
] as const;
const step = fc.record({ kind: fc.constantFrom(...kinds), pick: fc.nat(), tokens: fc.nat({ max: 400 }) });
type Step = { kind: (typeof kinds)[number]; pick: number; tokens: number };

const budget = fc.record(
  {
    maxTurns: fc.integer({ min: 1, max: 30 }),
    maxTokens: fc.integer({ min: 1, max: 3_000 }),
    maxTokensPerAgent: fc.integer({ min: 1, max: 1_500 }),
    maxCost: fc.integer({ min: 1, max: 300 }).map((cents) => cents / 100),
    maxCostPerAgent: fc.integer({ min: 1, max: 150 }).map((cents) => cents / 100),
  },
  { requiredKeys: [] },
);

/** What an agent, a person, an operator or the router itself may try, in time or not. */
const commandOf = (talk: Talk, { kind, pick, tokens }: Step): Command | undefined => {
  const state = talk.state as NonNullable<Talk['state']>;
  const name = ['ann', 'bob', 'cid', 'dan', 'eve'][pick % 5] as string;
  const turn = state.floor[pick % Math.max(1, state.floor.length)];
  const usage = { inputTokens: tokens - Math.floor(tokens / 3), outputTokens: Math.floor(tokens / 3) };
  const cost = tokens / 1_000;
  const paid = { text: `line ${pick}`, usage, cost };
  const last = state.taken[pick % Math.max(1, state.taken.length)];
  switch (kind) {
    case 'say':
      return turn && { type: 'say', from: turn.member, ...granted(turn), ...paid, done: pick % 7 === 0 };
    case 'say-again':
      return last && { type: 'say', from: last.member, turn: last.turn, attempt: undefined, ...paid };
    case 'say-stale':
      return { type: 'say', from: name, turn: pick % 40, attempt: pick % 3 || undefined, ...paid };
    case 'say-freely':
      return { type: 'say', from: name, ...paid, target: ['ann', 'bob', 'cid'][pick % 3] as string };
    case 'pass':
      return turn && { type: 'pass', from: turn.member, ...granted(turn), reason: 'declined', usage, cost };
    case 'bid':
      return turn && { type: 'bid', from: turn.member, ...granted(turn), score: pick % 101, usage, cost };
    case 'fail':
      return (
        turn && { type: 'pass', from: turn.member, ...granted(turn), reason: 'empty-reply', usage, cost }
      );
    case 'gone':
      return turn && { type: 'lapse', turn: turn.number, cause: 'gone' };
    case 'join':
    case 'leave':
      return { type: kind, who: name };
    case 'seat':
    case 'unseat':
      return { type: kind, who: name, by: 'op' };
    case 'operator':
      return { type: 'say', from: 'op', text: 'a word', target: name, as: 'operator' };
    case 'step':
      return { type: 'resume', by: 'op', lines: 1 + (pick % 3) };
    case 'tick':
      return { type: 'tick' };
    case 'pause':
    case 'resume':
      return { type: kind, by: 'op' };
    default:
      return undefined;
  }
};

const run = (policy: (typeof policyNames)[number], some: object, steps: readonly Step[]): Talk => {
  const talk = new Talk({
    members: ['ann', 'bob', 'cid'],
    policy,
    limits: limits({ ...some, onFailure: 'skip', quorum: 0 }),
  });
  for (const one of steps) {
    talk.now += one.pick % 1_000;
    if (one.kind === 'restart')
      talk.state = talk.entries.reduce<Talk['state']>(
        (state, entry) => evolve(state, entry, 'c1'),
        undefined,
      );
    const command = commandOf(talk, one);
    if (command) talk.do(command);
  }
  return talk;
};

it.each(policyNames)(
  'under policy %s no conversation exceeds a limit by more than the message that reached it',
  (policy) => {
    let reached = 0;
    const check = (some: Record<string, number>, steps: readonly Step[]) => {
      const talk = run(policy, some, steps);
      const lines = talk.entries.filter(({ type }) => type === 'said' || type === 'passed');
      const { maxTurns = Infinity, maxTokens = Infinity, maxCost = Infinity } = some;
      const { maxTokensPerAgent = Infinity, maxCostPerAgent = Infinity } = some;
      expect(lines.length).toBeLessThanOrEqual(maxTurns);
      const total = { tokens: 0, cost: 0 };
      const own = new Map<string, { tokens: number; cost: number }>();
      for (const { from, usage, cost = 0 } of talk.entries.flatMap((entry) =>
        'from' in entry ? [entry] : [],
      )) {
        const mine = own.get(from) ?? { tokens: 0, cost: 0 };
        // No member speaks, bids or passes once a limit was reached.
        expect(total.tokens).toBeLessThan(maxTokens);
        expect(total.cost).toBeLessThan(maxCost);
        for (const { tokens, cost: spent } of own.values()) {
          expect(tokens).toBeLessThan(maxTokensPerAgent);
          expect(spent).toBeLessThan(maxCostPerAgent);
        }
        const tokens = (usage?.inputTokens ?? 0) + (usage?.outputTokens ?? 0);
        own.set(from, { tokens: mine.tokens + tokens, cost: mine.cost + cost });
        total.tokens += tokens;
        total.cost += cost;
      }
      const ends = talk.entries.flatMap((entry, index) => (entry.type === 'ended' ? [index] : []));
      expect(ends.every((index) => index === talk.entries.length - 1)).toBe(true);
      if (['max-turns', 'token-budget', 'cost-budget'].includes(talk.ending ?? '')) reached++;
    };
    fc.assert(fc.property(budget, fc.array(step, { minLength: 30, maxLength: 120 }), check), {
      seed: 44,
      numRuns: 300,
    });
    // A run that never gets to a limit would prove nothing.
    expect(reached).toBeGreaterThan(100);
  },
);

describe('the sums of what was used', () => {
  it('the sums of usage stay numbers that a frame can hold, also with the usage of an old ledger', () => {
    const most = Number.MAX_SAFE_INTEGER;
    const usage = { inputTokens: most, outputTokens: most };
    let state: Conversation | undefined;
    const entries: Entry[] = [opened(), ...lines(2, 4).map((line) => ({ ...line, usage, cost: most }))];
    for (const entry of entries) state = evolve(state, entry, 'c1');
    expect(state?.spent).toEqual({ inputTokens: most, outputTokens: most, cost: most });
    expect(
      routerFrame.fault({ type: 'entry', conversation: 'c1', entry: entries[1] }, 'frame'),
    ).toBeUndefined();
  });

  it('an answer costs no more than the maximum of a cost limit, however expensive the model is', () => {
    const prices = new Prices({ dear: { input: 1e12, output: 1e12 } });
    expect(prices.cost({ inputTokens: 1e9, outputTokens: 1e9, model: 'dear' })).toBe(1e9);
  });
});
