import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { testSeed } from '../../../../tests/harness/test-seed.ts';
import { Pool } from '../../src/quota/pool.ts';
import { Pools } from '../../src/quota/pools.ts';
import { limits } from '../core/talk.ts';
import { Plain } from '../plain-client.ts';
import { RouterBench } from '../router-harness.ts';

const hour = 3_600_000;
const jumps = [-hour, hour, -24 * hour, 24 * hour, 5_000] as const;

/** The wall clock is set while the router runs, and time goes on. */
const jump = (bench: RouterBench, ms: number) => {
  bench.wall = (bench.wall ?? bench.now) + ms;
};
const pass = async (bench: RouterBench, ms: number) => {
  if (bench.wall !== undefined) bench.wall += ms;
  await bench.pass(ms);
};

describe.each(jumps)('when the clock is set by %i ms', (ms) => {
  it('a turn that waited is granted when its pace has passed, no earlier and no later', async () => {
    const bench = new RouterBench();
    await bench.open('c1', { limits: limits({ paceMs: 10_000 }) });
    const ann = bench.connect('ann');
    await pass(bench, 4_000);
    jump(bench, ms);
    await pass(bench, 5_900);
    expect(bench.turns(ann)).toEqual([]);
    await pass(bench, 100);
    expect(bench.turns(ann)).toHaveLength(1);
    await bench.answer(ann);
    const bob = bench.connect('bob');
    await pass(bench, 9_900);
    expect(bench.turns(bob)).toEqual([]);
    await pass(bench, 100);
    expect(bench.turns(bob)).toHaveLength(1);
  });

  it('a conversation ends after its duration, no earlier and no later, pauses left out', async () => {
    const bench = new RouterBench();
    await bench.open('c1', { limits: limits({ maxDurationMs: 20_000 }) });
    await pass(bench, 10_000);
    jump(bench, ms);
    await pass(bench, 2_000);
    await bench.submit('c1', { type: 'pause', by: 'op' });
    await pass(bench, 60_000);
    jump(bench, ms);
    await pass(bench, 60_000);
    await bench.submit('c1', { type: 'resume', by: 'op' });
    await pass(bench, 7_000);
    expect(bench.router.conversations.get('c1')?.status.state).toBe('running');
    await pass(bench, 1_000);
    expect(bench.entries('c1').at(-1)).toMatchObject({ type: 'ended', reason: 'max-duration' });
  });

  it('a grant lapses at its deadline, and a member is absent after as long as it may be', async () => {
    const bench = new RouterBench();
    await bench.open('c1', { limits: limits({ absentMs: 30_000, turnDeadlineMs: 10_000 }) });
    const ann = bench.connect('ann');
    await pass(bench, 5_000);
    jump(bench, ms);
    await pass(bench, 4_900);
    expect(bench.types('c1')).toEqual(['opened']);
    await pass(bench, 100);
    expect(bench.types('c1')).toEqual(['opened', 'lapsed']);
    await bench.drop(ann);
    await pass(bench, 100);
    await pass(bench, 20_000);
    jump(bench, ms);
    await pass(bench, 9_000);
    expect(bench.router.conversations.get('c1')?.status.state).toBe('running');
    await pass(bench, 2_000);
    expect(bench.entries('c1').at(-1)).toMatchObject({ type: 'ended', reason: 'absent' });
  });

  it('plain messages that were delivered are confirmed, and not sent again', async () => {
    const bench = new RouterBench();
    const [carl, dora] = [new Plain(bench, 'carl'), new Plain(bench, 'dora')];
    for (let i = 0; i < 20; i++) await carl.send('dora', `plain ${i}`);
    jump(bench, ms);
    await pass(bench, 1_000);
    dora.session.ponged(dora.connection.pings);
    await pass(bench, 1_000);
    dora.leave({ orderly: false });
    expect(new Plain(bench, 'dora').connection.texts).toEqual([]);
  });

  it('a router that starts again goes on with what runs, and dates no entry before the one before it', async () => {
    const bench = new RouterBench();
    await bench.open('c1', { limits: limits({ maxDurationMs: 365 * 24 * hour }) });
    await bench.answer(bench.connect('ann'));
    await pass(bench, 1_000);
    jump(bench, ms);
    bench.restart();
    const bob = bench.connect('bob');
    await pass(bench, 100);
    expect(bench.turns(bob)).toHaveLength(1);
    await bench.answer(bob);
    const dates = bench.entries('c1').map(({ at }) => at);
    expect(dates).toEqual([...dates].sort((a, b) => a - b));
  });
});

describe('a pool', () => {
  it('a pool leases calls again after a minute, and not earlier, however the clock is set', async () => {
    for (const ms of jumps) {
      const pools = new Pools(new Map([['*', { requests: 2, tokens: 0 }]]));
      const bench = new RouterBench({ pools });
      const ann = bench.connect('ann', { capacity: 9 });
      for (const id of ['c1', 'c2', 'c3']) await bench.open(id);
      for (let i = 0; i < 2; i++) {
        const { conversation, turn } = bench.turns(ann)[i] as { conversation: string; turn: number };
        await bench.submit(conversation, { type: 'say', from: 'ann', turn, attempt: 1, text: 'x' });
      }
      jump(bench, ms);
      await pass(bench, 59_000);
      expect(bench.turns(ann)).toHaveLength(2);
      await pass(bench, 1_100);
      expect(bench.turns(ann)).toHaveLength(3);
    }
  });

  it('a pool whose caller has a clock that goes back by more than a window still leases calls', () => {
    const pool = new Pool({ requests: 2, tokens: 0 }, 60_000);
    for (let i = 0; i < 2; i++) {
      const lease = pool.lease(10 * hour);
      if (lease) pool.over(lease, 10 * hour);
    }
    expect(pool.lease(10 * hour)).toBeUndefined();
    expect(pool.lease(9 * hour)).toBeDefined();
  });
});

it(`a conversation reads the same, dates aside, whatever the clock does (PARLEY_SEED=${testSeed})`, async () => {
  const step = fc.record({
    kind: fc.constantFrom('answer', 'fail', 'wait', 'pause', 'resume', 'drop'),
    ms: fc.integer({ min: 1, max: 20_000 }),
    jump: fc.constantFrom(0, 0, ...jumps),
  });
  const run = async (
    steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[],
    jumping: boolean,
  ) => {
    const bench = new RouterBench();
    bench.wall = bench.now;
    const some = {
      paceMs: 3_000,
      maxDurationMs: 200_000,
      maxAttempts: 4,
      turnDeadlineMs: 15_000,
      absentMs: 60_000,
    };
    await bench.open('c1', { limits: limits(some) });
    let replicas = ['ann', 'bob'].map((name) => bench.connect(name));
    for (const { kind, ms, jump: by } of steps) {
      if (jumping && by !== 0) jump(bench, by);
      const holder = replicas.find((replica) => bench.router.grants.countOf(replica) > 0);
      if (kind === 'answer' && holder) await bench.answer(holder);
      if (kind === 'fail' && holder) await bench.answer(holder, { reason: 'model-unavailable' });
      if (kind === 'pause' || kind === 'resume') await bench.submit('c1', { type: kind, by: 'op' });
      if (kind === 'drop') {
        for (const replica of replicas) await bench.drop(replica);
        replicas = ['ann', 'bob'].map((name) => bench.connect(name));
      }
      for (let left = ms; left > 0; left -= 1_000) await pass(bench, Math.min(left, 1_000));
    }
    return bench.entries('c1');
  };
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const [calm, jumped] = [await run(steps, false), await run(steps, true)];
      const undated = (entries: typeof calm) => entries.map((entry) => ({ ...entry, at: 0 }));
      expect(undated(jumped)).toEqual(undated(calm));
      const dates = jumped.map(({ at }) => at);
      expect(dates).toEqual([...dates].sort((a, b) => a - b));
    }),
    { numRuns: 60 },
  );
}, 60_000);
