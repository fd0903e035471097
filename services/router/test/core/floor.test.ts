import { describe, expect, it } from 'vitest';
import type { Turn } from '../../src/core/conversation.ts';
import { giveBack, giveFloor, isWaiting, lapsed, turnsOf } from '../../src/core/floor/floor.ts';
import { limits } from './talk.ts';

const turn = (number: number, member: string, more: Partial<Turn> = {}): Turn => ({
  ...{ number, wanted: 'speak', member, givenBy: 'ann', since: 1, givenAt: 1_000, attempts: 0, notBefore: 0 },
  ...more,
});

describe('a turn whose grant came back without an answer', () => {
  const after = (cause: Parameters<typeof isWaiting>[1], more: Partial<Turn> = {}, retryAfterMs?: number) =>
    lapsed(turn(3, 'bob', more), {
      ...{ type: 'lapsed', seq: 9, at: 50_000, turn: 3, from: 'bob', cause },
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    });
  const waits = (...given: Parameters<typeof after>) => after(...given).notBefore - 50_000;

  it('a lapse adds one attempt to its turn, with the seq of its entry', () => {
    expect(after('gone', { attempts: 4 })).toMatchObject({
      number: 3,
      member: 'bob',
      attempts: 5,
      lapsedAs: 9,
    });
  });

  it.each(['gone', 'deadline', 'interrupted'] as const)(
    'a turn may be granted again at once after %s',
    (cause) => {
      expect(waits(cause, { attempts: 5 })).toBe(0);
    },
  );

  it('a turn waits after a failure of the model, twice as long each time, 30 s at most', () => {
    const attempts = [0, 1, 2, 5, 6, 20];
    expect(attempts.map((one) => waits('model-unavailable', { attempts: one }))).toEqual([
      500, 1_000, 2_000, 16_000, 30_000, 30_000,
    ]);
  });

  it('a turn waits as long as the model server asks, where that is longer, a day at most', () => {
    expect(waits('rate-limited', {}, 70_000)).toBe(70_000);
    expect(waits('rate-limited', {}, 1)).toBe(500);
    expect(waits('interrupted', {}, 70_000)).toBe(70_000);
    expect(waits('rate-limited', {}, 1e12)).toBe(86_400_000);
  });

  it('a turn is tried again soon while a model is loaded, and 120 of these attempts do not count', () => {
    expect([0, 3, 20].map((attempts) => waits('model-loading', { attempts }))).toEqual([500, 4_000, 5_000]);
    expect(after('model-loading').uncounted).toBe(1);
    expect(after('model-loading', { uncounted: 119 }).uncounted).toBe(120);
    expect(after('model-loading', { uncounted: 120 }).uncounted).toBe(120);
    expect(isWaiting(turn(1, 'bob', { uncounted: 119 }), 'model-loading')).toBe(true);
    expect(isWaiting(turn(1, 'bob', { uncounted: 120 }), 'model-loading')).toBe(false);
    expect(after('model-unavailable')).not.toHaveProperty('uncounted');
  });
});

describe('a look-up of turns', () => {
  it.each([1, 7, 8, 9, 40])('a look-up of turns finds each of %i by its number, and no other', (count) => {
    const floor = Array.from({ length: count }, (_, index) => turn(10 + index, `m${index}`));
    const turnOf = turnsOf(floor);
    expect(floor.map(({ number }) => turnOf(number))).toEqual(floor);
    expect([turnOf(9), turnOf(10 + count)]).toEqual([undefined, undefined]);
  });
});

describe('the floor after an entry', () => {
  const floor = [turn(4, 'bob', { attempts: 2 }), turn(5, 'cid')];
  const state = { floor, nextTurn: 6, limits: limits() };
  const entry = { seq: 20, at: 7_000 };

  it('a member that has a turn keeps it with its attempts when an entry gives it the floor', () => {
    const given = giveFloor(state, { ...entry, floor: ['bob', 'cid'] }, 'dan');
    expect(given).toEqual({ floor, nextTurn: 6 });
  });

  it('a member without a turn gets the next number, given by the speaker at the time of the entry', () => {
    const given = giveFloor(state, { ...entry, floor: ['eve', 'bob', 'fay'] }, 'dan');
    const fresh = {
      wanted: 'speak',
      givenBy: 'dan',
      since: 20,
      givenAt: 7_000,
      attempts: 0,
      notBefore: 7_000,
    };
    expect(given).toEqual({
      floor: [{ ...fresh, number: 6, member: 'eve' }, floor[0], { ...fresh, number: 7, member: 'fay' }],
      nextTurn: 8,
    });
  });

  it('a new turn may be granted when the pace has passed', () => {
    const paced = { ...state, limits: limits({ paceMs: 2_500 }) };
    expect(giveFloor(paced, { ...entry, floor: ['eve'] }, 'dan').floor[0]?.notBefore).toBe(9_500);
  });

  it('the turn that the addressee has already is given by its last speaker, and no other turn is', () => {
    const given = giveFloor(state, { ...entry, floor: ['bob', 'cid'] }, 'dan', { target: 'cid' });
    expect(given.floor).toEqual([floor[0], { ...floor[1], since: 20, givenBy: 'dan' }]);
  });

  it('a member whose turn the entry takes gets a new turn when it has the floor again', () => {
    const given = giveFloor(state, { ...entry, floor: ['bob'] }, 'cid', { taken: 4 });
    expect(given.floor).toMatchObject([{ number: 6, member: 'bob', givenBy: 'cid', attempts: 0 }]);
  });

  it('a speaker that owes one more reply owes it to the member that gave the turn, not to itself', () => {
    const owed = {
      ...state,
      floor: [turn(3, 'cid', { givenBy: 'eve' }), turn(4, 'bob', { givenBy: 'ann' })],
    };
    const given = giveFloor(owed, { ...entry, floor: ['bob', 'fay'] }, 'bob', { taken: 4 });
    expect(given.floor.map(({ givenBy }) => givenBy)).toEqual(['ann', 'bob']);
    const unsolicited = giveFloor(owed, { ...entry, floor: ['fay'] }, 'fay');
    expect(unsolicited.floor.map(({ givenBy }) => givenBy)).toEqual(['fay']);
  });

  it('members get new turns when they are to bid instead of to speak, and the other way round', () => {
    const bidding = giveFloor(state, { ...entry, floor: ['bob', 'cid'], bidding: true }, 'dan');
    expect(bidding.floor).toMatchObject([
      { number: 6, member: 'bob', wanted: 'bid', attempts: 0 },
      { number: 7, member: 'cid', wanted: 'bid' },
    ]);
    const again = giveFloor({ ...state, ...bidding }, { ...entry, floor: ['cid'], bidding: true }, 'dan');
    expect(again).toEqual({ floor: [bidding.floor[1]], nextTurn: 8 });
    const won = giveFloor({ ...state, ...bidding }, { ...entry, floor: ['cid'] }, 'dan');
    expect(won.floor).toMatchObject([{ number: 8, member: 'cid', wanted: 'speak' }]);
  });

  it('an entry that does not write down the floor removes its turns and gives no new number', () => {
    expect(giveBack(state, ({ member }) => member === 'bob')).toEqual({ floor: [floor[1]], nextTurn: 6 });
  });
});
