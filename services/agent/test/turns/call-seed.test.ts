import { describe, expect, it } from 'vitest';
import { callSeed } from '../../src/turns/call-seed.ts';

const call = { self: 'alice', turn: 3, seed: 2 };

describe('the seed of a call', () => {
  it('the seed of a call is undefined when neither the agent nor the conversation has one', () => {
    expect(callSeed(undefined, { ...call, seed: undefined }, 0)).toBeUndefined();
  });

  it('the seed of a call is the same for the same call and fits into 31 bits', () => {
    const seed = callSeed(undefined, call, 0);
    expect(callSeed(undefined, call, 0)).toBe(seed);
    expect(seed).toBeGreaterThanOrEqual(0);
    expect(seed).toBeLessThan(2 ** 31);
  });

  it("the seed of a call differs for another attempt, turn, agent and seed, and the agent's own seed has priority", () => {
    const others = [
      callSeed(undefined, call, 0),
      callSeed(undefined, call, 1),
      callSeed(undefined, { ...call, turn: 4 }, 0),
      callSeed(undefined, { ...call, self: 'bob' }, 0),
      callSeed(9, call, 0),
    ];
    expect(new Set(others).size).toBe(5);
    expect(callSeed(9, { ...call, seed: 7 }, 0)).toBe(callSeed(9, call, 0));
  });

  it('the seed of a call is the number that a cassette of an earlier version was recorded with', () => {
    expect(callSeed(7, { self: 'alice', turn: 1, seed: undefined }, 0)).toBe(69667919);
  });
});
