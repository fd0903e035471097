import { describe, expect, it } from 'vitest';
import type { PoolRule } from '../../../src/quota/pool.ts';
import { PoolCluster, type SimRouter } from './pool-cluster.ts';

const minute = 60_000;

/** Each router makes as many calls as it may, each of `callMs`, for some minutes. Nothing is lost. */
const busy = async (
  sim: PoolCluster,
  minutes: number,
  {
    who = () => sim.up,
    callMs = 500,
    tokens,
  }: { who?: () => SimRouter[]; callMs?: number; tokens?: number } = {},
): Promise<void> => {
  for (const end = sim.now + minutes * minute; sim.now < end; ) {
    for (const router of who()) {
      router.waiting = 50;
      while (router.running[0] && sim.now - router.running[0].leasedAt >= callMs)
        router.answered(true, tokens);
      while (router.call());
    }
    await sim.calm();
    for (const router of who()) while (router.call());
    await sim.tick(250);
    await sim.calm();
  }
};

const callsOf = (sim: PoolCluster, router: SimRouter, since: number): number =>
  sim.calls.filter((call) => call.router === router.id && call.at >= since).length;

const cluster = (rule: Partial<PoolRule>, routers: number) =>
  new PoolCluster({ requests: 0, tokens: 0, ...rule }, routers);

describe('a pool that several routers share', () => {
  it('one router that alone makes calls gets the whole rule', async () => {
    const sim = cluster({ requests: 30 }, 3);
    const [first] = sim.routers;
    if (!first) throw new Error('there is one');
    await busy(sim, 3, { who: () => [first] });
    expect(sim.mostCallsInAWindow()).toBe(30);
    expect(sim.calls.length).toBeGreaterThanOrEqual(85);
  });

  it.each([30, 100, 1_000])(
    'routers that all have turns waiting divide %i calls a minute evenly',
    async (requests) => {
      const sim = cluster({ requests }, 3);
      await busy(sim, 3);
      const since = sim.now;
      await busy(sim, 3);
      const counts = sim.routers.map((router) => callsOf(sim, router, since));
      expect(Math.min(...counts)).toBeGreaterThanOrEqual(requests * 0.8);
      expect(counts.reduce((sum, count) => sum + count)).toBeGreaterThanOrEqual(3 * requests * 0.9);
      expect(sim.mostCallsInAWindow()).toBeLessThanOrEqual(requests);
    },
  );

  it('a router that starts late gets its share although the others use the whole pool', async () => {
    const sim = cluster({ requests: 20 }, 1);
    await busy(sim, 2);
    const late = sim.start();
    await busy(sim, 2);
    const since = sim.now;
    await busy(sim, 3);
    expect(callsOf(sim, late, since)).toBeGreaterThanOrEqual(24);
  });

  it('one call a minute goes to each of three routers in turn', async () => {
    const sim = cluster({ requests: 1 }, 3);
    await busy(sim, 12);
    for (const router of sim.routers) expect(callsOf(sim, router, 0)).toBeGreaterThanOrEqual(2);
    expect(sim.mostCallsInAWindow()).toBe(1);
  });

  it('one call at once goes to each of three routers in turn', async () => {
    const sim = cluster({ concurrency: 1 }, 3);
    await busy(sim, 1);
    for (const router of sim.routers) expect(callsOf(sim, router, 0)).toBeGreaterThanOrEqual(5);
  });

  it('calls that each need more than half of the tokens are made by one router after the other', async () => {
    const sim = cluster({ tokens: 10_000 }, 3);
    await busy(sim, 15, { tokens: 6_000 });
    for (const router of sim.routers) expect(callsOf(sim, router, 0)).toBeGreaterThanOrEqual(2);
  });

  it('a call that needs more tokens than the rule is made alone', async () => {
    const sim = cluster({ tokens: 1_000 }, 2);
    await busy(sim, 10, { tokens: 5_000 });
    for (const router of sim.routers) expect(callsOf(sim, router, 0)).toBeGreaterThanOrEqual(2);
    expect(sim.mostCallsInAWindow(minute - 1_000)).toBeLessThanOrEqual(1);
  });

  it('the usage of a dead router counts for one window, and then the others have its share', async () => {
    const sim = cluster({ requests: 40 }, 2);
    await busy(sim, 3);
    const [dead, other] = sim.routers;
    if (!dead || !other) throw new Error('there are two');
    sim.kill(dead);
    await busy(sim, 1.25);
    const since = sim.now;
    await busy(sim, 1);
    expect(callsOf(sim, other, since)).toBeGreaterThanOrEqual(38);
    expect(sim.mostCallsInAWindow()).toBeLessThanOrEqual(40);
  });

  it('a dead router keeps from the others only what it used and a block', async () => {
    const sim = cluster({ requests: 100 }, 1);
    const [dead] = sim.routers;
    if (!dead) throw new Error('there is one');
    for (let call = 0; call < 10; call++) {
      dead.call();
      await sim.calm();
      dead.answered(true);
    }
    sim.kill(dead);
    const next = sim.start();
    await busy(sim, 0.2);
    expect(callsOf(sim, next, 0)).toBeGreaterThanOrEqual(80);
  });

  it('what a dead router used is free one window after its death, also when each of the other routers is replaced in that time', async () => {
    const sim = cluster({ requests: 30 }, 3);
    const [first] = sim.routers;
    if (!first) throw new Error('there is one');
    await sim.busy(first);
    expect(first.running).toHaveLength(30);
    sim.kill(first);
    const diedAt = sim.now;
    while (sim.now - diedAt < 90_000) {
      await sim.wait(20, sim.up);
      const [oldest] = sim.up;
      if (oldest) sim.kill(oldest);
      sim.start();
    }
    const [other] = sim.up;
    if (!other) throw new Error('there is one');
    await sim.busy(other);
    expect(other.running).toHaveLength(30);
  });

  it('what a dead router used is free one window after its death, also when the other routers lose their leases in that time', async () => {
    const sim = cluster({ requests: 30 }, 3);
    const [first] = sim.routers;
    if (!first) throw new Error('there is one');
    await sim.busy(first);
    sim.kill(first);
    for (let round = 0; round < 4; round++) {
      await sim.wait(15, sim.up);
      // Longer than a lease, in which none is renewed.
      for (let second = 0; second < 10; second++) await sim.wait(1, []);
      for (const router of sim.up) router.shared.tick();
    }
    await sim.wait(2, sim.up);
    const [other] = sim.up;
    if (!other) throw new Error('there is one');
    await sim.busy(other);
    expect(other.running).toHaveLength(30);
  });

  it('a router that makes no calls gives its share back', async () => {
    const sim = cluster({ requests: 20, concurrency: 4 }, 1);
    const [one] = sim.routers;
    if (!one) throw new Error('there is one');
    await busy(sim, 1);
    while (one.running.length > 0) one.answered(true);
    one.waiting = 0;
    for (let second = 0; second < 70; second++) {
      await sim.tick(1_000);
      await sim.calm();
    }
    expect([...one.shared.shares()]).toEqual([['m', { calls: 0, tokens: 0, 'at-once': 0 }]]);
  });

  it('a router that was suspended for longer than a window makes no call before its share is in the document again', async () => {
    const { sim, one, two } = await stoppedWithAll();
    while (one.running.length > 0) one.answered(true);
    await sim.wait(75, [two]);
    await sim.busy(two);
    one.isStopped = false;
    one.renewedAt = sim.now;
    expect(one.call()).toBe(false);
    await sim.calm();
    expect(one.call()).toBe(false);
    expect(two.running.length).toBeGreaterThan(5);
  });

  it('a router that lost its share while its calls were running does not use it again when they end', async () => {
    const sim = cluster({ concurrency: 3 }, 2);
    const [one, two] = sim.routers;
    if (!one || !two) throw new Error('there are two');
    await sim.busy(one);
    sim.stop(one);
    await sim.wait(75, [two]);
    await sim.busy(two);
    expect(two.running.length).toBe(3);
    one.isStopped = false;
    // It writes that its three calls are still running.
    await sim.wait(1, [one, two]);
    one.answered(true);
    await sim.busy(one);
    expect(one.running.length).toBe(2);
  });

  it('a router that was suspended while its share was being written makes no call with that share afterwards', async () => {
    const { sim, one, two } = await stoppedWithAll(async (routers) => {
      routers.one.isStopped = false;
      // What it gives back is written, and it is not told.
      while (routers.one.running.length > 0) routers.one.answered(true);
      await routers.sim.wait(70, [routers.one, routers.two]);
      routers.one.waiting = 50;
      routers.one.call();
      await routers.sim.handle(0, 'held');
      routers.sim.stop(routers.one);
    });
    await sim.wait(75, [two]);
    await sim.busy(two);
    one.isStopped = false;
    one.renewedAt = sim.now;
    await sim.answerHeld();
    expect(one.call()).toBe(false);
    expect(two.running.length).toBeGreaterThan(5);
  });

  it('a change that was given up is not in the document when it arrives late', async () => {
    const { sim, one, two } = await withAll();
    while (one.running.length > 0) one.answered(true);
    one.waiting = 0;
    // It returns its share, and is not told what came of it.
    await sim.wait(58, [one, two]);
    await sim.tick(3_000);
    await sim.handle(0, 'late');
    one.waiting = 50;
    one.call();
    await sim.calm();
    while (one.call());
    sim.carryOutLate();
    await sim.busy(two);
    expect(one.running.length + two.running.length).toBeLessThanOrEqual(10);
  });
});

/** Two routers and ten calls a minute, of which the first has made all. */
const withAll = async () => {
  const sim = cluster({ requests: 10 }, 2);
  const [one, two] = sim.routers;
  if (!one || !two) throw new Error('there are two');
  await sim.busy(one);
  await sim.busy(one);
  expect(one.running.length).toBeGreaterThan(5);
  return { sim, one, two };
};

/** The first of them is stopped then. */
const stoppedWithAll = async (
  before: (routers: Awaited<ReturnType<typeof withAll>>) => Promise<void> = async () => {},
) => {
  const routers = await withAll();
  routers.sim.stop(routers.one);
  await before(routers);
  return routers;
};
