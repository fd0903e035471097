import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Claim, RouterDocument } from '../../src/cluster/cluster.ts';
import { homeOf } from '../../src/cluster/home.ts';
import { KnownClaims } from '../../src/cluster/known-claims.ts';
import { Leases } from '../../src/cluster/leases.ts';

const id = fc.constantFrom('c1', 'c2');
const small = fc.integer({ min: 1, max: 3 });
const claimOf = fc.record({
  conversation: id,
  turn: small,
  attempt: small,
  router: fc.constantFrom('a', 'b'),
  member: fc.constant('ann'),
});

describe('the claims that are known', () => {
  it('the claims that are known are the newest of each attempt that has not ended, as a plain list would say', () => {
    const step = fc.oneof(
      fc.record({ type: fc.constant('made' as const), claim: claimOf, ttl: fc.integer({ min: 1, max: 50 }) }),
      fc.record({ type: fc.constant('ended' as const), claim: claimOf }),
      fc.record({ type: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 40 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const known = new KnownClaims();
        let list: { claim: Claim; endsAt: number }[] = [];
        let now = 0;
        const isAt = (one: Claim, other: Claim) =>
          one.conversation === other.conversation && one.turn === other.turn && one.attempt === other.attempt;
        for (const one of steps) {
          if (one.type === 'made') {
            known.made(one.claim, now + one.ttl);
            list = [
              ...list.filter(({ claim }) => !isAt(claim, one.claim)),
              { claim: one.claim, endsAt: now + one.ttl },
            ];
          } else if (one.type === 'ended') {
            known.ended(one.claim);
            list = list.filter(({ claim }) => !isAt(claim, one.claim));
          } else {
            now += one.ms;
            const over = list.filter(({ endsAt }) => endsAt <= now).map(({ claim }) => claim);
            expect(new Set(known.expire(now))).toEqual(new Set(over));
            list = list.filter(({ endsAt }) => endsAt > now);
          }
          expect(new Set(known.all())).toEqual(new Set(list.map(({ claim }) => claim)));
          for (const conversation of ['c1', 'c2'])
            for (const turn of [1, 2, 3]) {
              const newest = list
                .map(({ claim }) => claim)
                .filter((claim) => claim.conversation === conversation && claim.turn === turn)
                .toSorted((one, other) => other.attempt - one.attempt)[0];
              expect(known.newest(conversation, turn)).toBe(newest);
            }
        }
      }),
    );
  });
});

const document = (router: string): RouterDocument => ({ id: router, name: router, startedAt: 0, parts: {} });

describe('the leases of routers', () => {
  it('a lease is held until its time after the last renewal is over, for any renewals', () => {
    const step = fc.record({
      router: fc.constantFrom('a', 'b', 'c'),
      does: fc.constantFrom('renews', 'leaves', 'nothing'),
      ms: fc.integer({ min: 0, max: 6 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const leases = new Leases(9);
        const renewedAt = new Map<string, number>();
        let now = 0;
        for (const { router, does, ms } of steps) {
          now += ms;
          const over = [...renewedAt].filter(([, at]) => now - at >= 9).map(([one]) => one);
          expect(leases.expire(now).map((one) => one.id)).toEqual(over);
          for (const one of over) renewedAt.delete(one);
          if (does === 'renews') leases.renewed(document(router), now);
          if (does === 'renews') renewedAt.set(router, now);
          if (does === 'leaves') {
            expect(leases.left(router)?.id).toBe(renewedAt.has(router) ? router : undefined);
            renewedAt.delete(router);
          }
          for (const one of ['a', 'b', 'c']) expect(leases.isHeld(one)).toBe(renewedAt.has(one));
        }
      }),
    );
  });
});

describe('the home of a conversation', () => {
  const routers = ['router-1', 'router-2', 'router-3'];
  const ids = Array.from({ length: 3_000 }, (_, index) => `c${index}`);

  it('the home of a conversation does not depend on the order in which routers are known', () => {
    for (const one of ids) expect(homeOf(one, routers)).toBe(homeOf(one, routers.toReversed()));
    expect(homeOf('c1', [])).toBeUndefined();
  });

  it('the homes of conversations are divided evenly, and only those of a router that has gone move', () => {
    const homes = ids.map((one) => homeOf(one, routers));
    for (const router of routers) {
      const share = homes.filter((home) => home === router).length / ids.length;
      expect(share).toBeGreaterThan(0.28);
      expect(share).toBeLessThan(0.39);
    }
    const left = routers.slice(1);
    for (const [index, one] of ids.entries())
      if (homes[index] !== routers[0]) expect(homeOf(one, left)).toBe(homes[index]);
  });
});
