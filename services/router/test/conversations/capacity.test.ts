import { describe, expect, it } from 'vitest';
import { type CapacityLimit, nothingReserved, reserveCapacity } from '../../src/conversations/capacity.ts';
import type { Conversation } from '../../src/core/conversation.ts';

const after = {} as Conversation;
const full = { code: 'unavailable', message: 'full' } as const;

/** Limits that note what they reserve and release. */
const noted = () => {
  const events: string[] = [];
  const limit = (name: string): CapacityLimit => ({
    take: () => {
      events.push(`take ${name}`);
      return () => {
        events.push(`release ${name}`);
      };
    },
  });
  return { events, limit };
};
const free: CapacityLimit = { take: () => nothingReserved };
const refusing: CapacityLimit = { take: () => full };

describe('capacity in several limits', () => {
  it('capacity is reserved in the order of the limits, and released in all of them together', () => {
    const { events, limit } = noted();
    const release = reserveCapacity([limit('a'), free, limit('b'), limit('c')], after, []);
    expect(events).toEqual(['take a', 'take b', 'take c']);
    if (typeof release === 'function') release();
    expect(events.slice(3)).toEqual(['release a', 'release b', 'release c']);
  });

  it('limits that reserve nothing cost nothing: there is nothing to release', () => {
    const { limit } = noted();
    const only = limit('a');
    expect(reserveCapacity([], after, [])).toBe(nothingReserved);
    expect(reserveCapacity([free, free], after, [])).toBe(nothingReserved);
    const release = () => {};
    const one: CapacityLimit = { take: () => release };
    expect(reserveCapacity([free, one, free], after, [])).toBe(release);
    expect(reserveCapacity([only], after, [])).toBeTypeOf('function');
  });

  it('a refusal of one limit releases what the limits before it reserved, and asks no later limit', () => {
    const { events, limit } = noted();
    expect(reserveCapacity([limit('a'), limit('b'), refusing, limit('c')], after, [])).toBe(full);
    expect(events).toEqual(['take a', 'take b', 'release a', 'release b']);
  });

  it('a limit that throws releases what the limits before it reserved', () => {
    const { events, limit } = noted();
    const broken: CapacityLimit = {
      take: () => {
        throw new Error('broken');
      },
    };
    expect(() => reserveCapacity([limit('a'), broken, limit('b')], after, [])).toThrow('broken');
    expect(events).toEqual(['take a', 'release a']);
  });
});
