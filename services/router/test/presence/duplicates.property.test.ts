import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type DuplicateRule,
  duplicateRules,
  type Joined,
  lossesAmong,
} from '../../src/presence/duplicates.ts';

const joined: fc.Arbitrary<Joined> = fc.record({
  id: fc.uuid(),
  at: fc.integer({ min: 0, max: 5 }),
  dialect: fc.constantFrom('plain', 'v1'),
});
const connections = fc.uniqueArray(joined, { selector: ({ id }) => id, maxLength: 8 });
const rules = fc.constantFrom(...duplicateRules);

/** Those that stay when each router ends its own by what it knows. */
const staying = (all: readonly Joined[], rule: DuplicateRule): readonly Joined[] => {
  const losses = lossesAmong(all, rule);
  return all.filter(({ id }) => !losses.has(id));
};

describe('connections of one name at several routers', () => {
  it('the connections of one name that stay are of one dialect, and one alone where the rule or the dialect has no replicas', () => {
    fc.assert(
      fc.property(connections, rules, (all, rule) => {
        const stay = staying(all, rule);
        expect(stay.length > 0).toBe(all.length > 0);
        expect(new Set(stay.map(({ dialect }) => dialect)).size).toBeLessThanOrEqual(1);
        if (rule !== 'replicas' || stay[0]?.dialect === 'plain') expect(stay.length).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('the connections of one name that stay are the same whatever the order in which they are known', () => {
    fc.assert(
      fc.property(connections, rules, fc.infiniteStream(fc.nat()), (all, rule, random) => {
        const weights = new Map(all.map(({ id }) => [id, random.next().value as number]));
        const mixed = all.toSorted((a, b) => (weights.get(a.id) ?? 0) - (weights.get(b.id) ?? 0));
        expect(lossesAmong(mixed, rule)).toEqual(lossesAmong(all, rule));
      }),
    );
  });

  it('a connection that stays among all connections also stays when the losing connections are gone', () => {
    fc.assert(
      fc.property(connections, rules, (all, rule) => {
        const stay = staying(all, rule);
        expect(staying(stay, rule)).toEqual(stay);
      }),
    );
  });

  it('the newest connection takes over, and under reject the oldest stays', () => {
    const [old, young] = [
      { id: 'b', at: 1, dialect: 'v1' },
      { id: 'a', at: 2, dialect: 'v1' },
    ] as const;
    expect(staying([old, young], 'takeover')).toEqual([young]);
    expect(staying([old, young], 'reject')).toEqual([old]);
    expect(staying([old, young], 'replicas')).toEqual([old, young]);
    const clients = [old, young].map((one) => ({ ...one, dialect: 'plain' as const }));
    expect(staying(clients, 'replicas')).toEqual([clients[1]]);
  });
});
