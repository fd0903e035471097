import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Fate, PoolCluster } from './pool-cluster.ts';

type Act =
  | { readonly type: 'time'; readonly ms: number }
  | { readonly type: 'busy' | 'call' | 'stop' | 'wake' | 'kill'; readonly router: number }
  | { readonly type: 'answer'; readonly router: number; readonly early: boolean; readonly tokens: number }
  | { readonly type: 'engine'; readonly index: number; readonly fate: Fate }
  | { readonly type: 'late' }
  | { readonly type: 'deliver'; readonly router: number; readonly count: number };

const router = fc.nat(9);
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ type: fc.constant('busy' as const), router }) },
  { weight: 6, arbitrary: fc.record({ type: fc.constant('call' as const), router }) },
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant('answer' as const),
      router,
      early: fc.boolean(),
      tokens: fc.integer({ min: 1, max: 3_000 }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constant('engine' as const),
      index: fc.nat(5),
      fate: fc.constantFrom<Fate>('answered', 'answered', 'answered', 'not-sent', 'unanswered', 'late'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('late' as const) }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('deliver' as const), router, count: fc.nat(4) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant('time' as const),
      ms: fc.constantFrom(100, 1_000, 5_000, 12_000, 25_000),
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constantFrom('stop', 'wake', 'wake', 'kill'), router }) },
);

/** The calls at once of a killed router end with it, so only those of others are compared. */
const play = async (sim: PoolCluster, one: Act): Promise<void> => {
  const all = sim.routers.filter(({ isGone }) => !isGone);
  const of = (number: number) => all[number % all.length];
  const up = (number: number) => sim.up[number % Math.max(1, sim.up.length)];
  switch (one.type) {
    case 'time':
      return sim.tick(one.ms);
    case 'call': {
      const chosen = up(one.router);
      if (!chosen) return;
      chosen.waiting = 3;
      chosen.call();
      return;
    }
    case 'busy': {
      const chosen = up(one.router);
      if (chosen) await sim.busy(chosen);
      return;
    }
    case 'answer':
      return up(one.router)?.answered(one.early, one.tokens);
    case 'stop': {
      const chosen = up(one.router);
      if (chosen) sim.stop(chosen);
      return;
    }
    case 'wake': {
      const chosen = of(one.router);
      if (!chosen?.isStopped) return;
      chosen.isStopped = false;
      // What comes first after it wakes up may be work.
      chosen.call();
      return;
    }
    case 'kill': {
      const chosen = of(one.router);
      if (!chosen) return;
      sim.kill(chosen);
      sim.start();
      return;
    }
    case 'engine':
      return sim.handle(one.index, one.fate);
    case 'late':
      return sim.carryOutLate();
    case 'deliver': {
      const chosen = up(one.router);
      if (chosen) await sim.deliver(chosen, one.count);
      return;
    }
    default:
      return one satisfies never;
  }
};

describe('a pool that several routers share, whatever happens to routers and to the engine between them', () => {
  it.each([
    { requests: 1, tokens: 0 },
    { requests: 5, tokens: 0 },
    { requests: 40, tokens: 0 },
    { requests: 7, tokens: 9_000, concurrency: 2 },
  ])('a pool that several routers share never has more calls in a window than the rule: %o', async (rule) => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 250, size: 'max' }), async (acts) => {
        const sim = new PoolCluster(rule, 3);
        for (const one of acts) await play(sim, one);
        for (const one of sim.routers) while (one.running.length > 0) one.answered(true);
        expect(sim.mostCallsInAWindow()).toBeLessThanOrEqual(rule.requests);
      }),
      { seed: 60, numRuns: 60, endOnFailure: true },
    );
  });

  it('a pool that several routers share never has more calls at once than the rule', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 250, size: 'max' }), async (acts) => {
        const sim = new PoolCluster({ requests: 0, tokens: 0, concurrency: 3 }, 3);
        for (const one of acts) {
          await play(sim, one);
          expect(sim.runningAtOnce).toBeLessThanOrEqual(3);
        }
      }),
      { seed: 61, numRuns: 60, endOnFailure: true },
    );
  });
});
