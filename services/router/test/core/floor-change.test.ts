import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Conversation, Turn } from '../../src/core/conversation.ts';
import { floorChange } from '../../src/core/floor/floor-change.ts';
import { Talk } from './talk.ts';

const turn = (number: number, attempts = 0): Turn => ({
  ...{ number, wanted: 'speak', member: `m${number}`, givenBy: 'ann', since: 1, givenAt: 1_000, attempts },
  notBefore: 0,
});
const talk = new Talk().state as Conversation;
const withFloor = (floor: readonly Turn[], more: Partial<Conversation> = {}): Conversation => ({
  ...{ ...talk, ...more },
  floor,
});
const numbers = (turns: readonly Turn[]) => turns.map(({ number }) => number);

describe('what entries changed in the turns', () => {
  it('every turn is due in a conversation that is new', () => {
    const after = withFloor([turn(1), turn(2)]);
    expect(floorChange(undefined, after)).toEqual({ ended: [], due: after.floor });
  });

  it('only new and lapsed turns are due while the rules for all turns are the same', () => {
    const [kept, lapsed, taken] = [turn(1), turn(2), turn(3)];
    const change = floorChange(withFloor([kept, lapsed, taken]), withFloor([kept, turn(2, 1), turn(4)]));
    expect([numbers(change.ended), numbers(change.due)]).toEqual([[3], [2, 4]]);
  });

  it('the turns that ended and those that are due are found in any order of the turns', () => {
    const pool = Array.from({ length: 12 }, (_, index) => turn(index + 1));
    const some = fc.shuffledSubarray(pool);
    fc.assert(
      fc.property(some, some, fc.func(fc.boolean()), (one, other, lapses) => {
        const next = other.map((kept) => (lapses(kept.number) ? { ...kept, attempts: 1 } : kept));
        const { ended, due } = floorChange(withFloor(one), withFloor(next));
        expect(numbers(ended)).toEqual(numbers(one.filter((was) => !other.includes(was))));
        expect(due).toEqual(next.filter((now) => !one.includes(now)));
      }),
      { seed: 20261126, numRuns: 500 },
    );
  });

  it.each<[string, Partial<Conversation>]>([
    ['is paused', { status: { state: 'paused', since: 1 } }],
    ['has begun', { begun: true }],
    ['has another person in a seat', { seats: new Map([['ann', 'op']]) }],
    ['has another cast', { cast: new Map() }],
    ['has other limits', { limits: { ...talk.limits } }],
    ['is in a step', { stepping: { turns: 2, by: 'op' } }],
  ])('every turn is due when the conversation %s', (_, more) => {
    const floor = [turn(1), turn(2)];
    expect(floorChange(withFloor(floor), withFloor(floor)).due).toEqual([]);
    expect(floorChange(withFloor(floor), withFloor(floor, more)).due).toEqual(floor);
  });

  it('every turn is due after each entry of a step, because an answer makes way for another turn', () => {
    const floor = [turn(1), turn(2)];
    const stepping = { turns: 2, by: 'op' };
    const state = withFloor(floor, { stepping });
    expect(floorChange(state, withFloor(floor.slice(1), { stepping })).due).toEqual(floor.slice(1));
  });
});
