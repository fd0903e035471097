import { describe, expect, it } from 'vitest';
import type { Conversation, Turn } from '../../src/core/conversation.ts';
import { GrantRules, type GrantRulesOptions } from '../../src/turns/grants/grant-rules.ts';

const turn = (number: number, member: string): Turn =>
  ({ number, member, attempts: 0, notBefore: 0 }) as unknown as Turn;
const floor = [turn(1, 'ann'), turn(2, 'bob'), turn(3, 'cid')];

interface Step {
  /** How many turns the operator allows; undefined: as many as there are. */
  readonly turns?: number;
  /** How many are under way in each of two tables. */
  readonly underWay?: readonly [number, number];
  /** Members that are plain clients of another router. */
  readonly elsewhere?: readonly string[];
  readonly seats?: readonly string[];
}
const isUsed = ({ turns, underWay = [0, 0], elsewhere = [], seats = [] }: Step, of: Turn): boolean => {
  const rules = new GrantRules({
    conversations: { timeOf: () => 0 },
    gathering: { holds: () => false },
    presence: { isReadElsewhere: (name: string) => elsewhere.includes(name) },
    underWay: underWay.map((count) => ({ countIn: () => count })),
  } as unknown as GrantRulesOptions);
  const stepping = turns === undefined ? undefined : { turns };
  const status = { state: 'running' };
  const state = { stepping, floor, seats: new Set(seats), status } as unknown as Conversation;
  expect(rules.mayContinue(state, of)).toBe(!rules.stepIsUsed(state, of) && !seats.includes(of.member));
  expect(rules.isGrantable(state, of)).toBe(rules.mayContinue(state, of));
  return rules.stepIsUsed(state, of);
};
const [first, second, third] = floor as [Turn, Turn, Turn];

describe('the step of an operator', () => {
  it('a conversation without a step grants however many turns are under way', () => {
    expect(isUsed({ underWay: [4, 5], elsewhere: ['ann', 'bob'] }, third)).toBe(false);
  });

  it('a step is used when the turns under way in all tables are as many as it allows', () => {
    expect(isUsed({ turns: 3, underWay: [1, 1] }, first)).toBe(false);
    expect(isUsed({ turns: 3, underWay: [1, 2] }, first)).toBe(true);
    expect(isUsed({ turns: 3, underWay: [3, 0] }, first)).toBe(true);
    expect(isUsed({ turns: 3, underWay: [0, 4] }, first)).toBe(true);
  });

  it('an earlier turn of a plain client of another router counts, a later one and its own do not', () => {
    const step: Step = { turns: 1, elsewhere: ['bob'] };
    expect([first, second, third].map((one) => isUsed(step, one))).toEqual([false, false, true]);
  });

  it('each earlier turn of plain clients of other routers counts, together with the tables', () => {
    const step: Step = { turns: 3, elsewhere: ['ann', 'bob'], underWay: [1, 0] };
    expect(isUsed(step, third)).toBe(true);
    expect(isUsed({ ...step, underWay: [0, 0] }, third)).toBe(false);
    expect(isUsed(step, second)).toBe(false);
  });

  it('a turn of a plain client of another router does not count while an operator sits in its seat', () => {
    expect(isUsed({ turns: 1, elsewhere: ['ann'], seats: ['ann'] }, third)).toBe(false);
    expect(isUsed({ turns: 1, elsewhere: ['ann'], seats: ['bob'] }, third)).toBe(true);
  });
});
