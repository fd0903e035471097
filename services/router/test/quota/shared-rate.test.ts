import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Pool } from '../../src/quota/pool.ts';
import { Bench, mostInAWindow } from './pool-harness.ts';

const minute = 60_000;
const sixty = { m: { requests: 60, tokens: 0 } };
const countBy = (names: readonly string[]) => {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
};

describe('fifty agents in fifty conversations on one pool of 60 a minute', () => {
  it('make no more than 60 calls in any minute, use all of them, and take turns', async () => {
    const bench = new Bench(sixty);
    const names = Array.from({ length: 50 }, (_, i) => `a${i}`);
    for (const name of names) bench.connect(name);
    // Each opens one with its neighbour, so that everybody is in two.
    for (const [i, name] of names.entries()) bench.open(`c${i}`, [name, names[(i + 1) % 50] as string]);
    await bench.pass(10 * minute, () => bench.answerAll());
    expect(mostInAWindow(bench.calls)).toBe(60);
    expect(bench.calls.length).toBeGreaterThan(590);
    const perConversation = [...countBy(bench.calls.map(({ conversation }) => conversation)).values()];
    expect(perConversation).toHaveLength(50);
    expect(Math.max(...perConversation) - Math.min(...perConversation)).toBeLessThanOrEqual(2);
    const perAgent = [...countBy(bench.calls.map(({ name }) => name)).values()];
    expect(Math.max(...perAgent) - Math.min(...perAgent)).toBeLessThanOrEqual(4);
  });

  it('take turns with one that is in a hundred conversations and answers at once', async () => {
    const bench = new Bench({ m: { requests: 10, tokens: 0 } });
    bench.connect('busy', { capacity: 4 });
    for (let i = 0; i < 100; i++) bench.open(`busy${i}`, ['busy', 'gone'], { onFailure: 'retry' });
    const others = Array.from({ length: 9 }, (_, i) => `a${i}`);
    for (const name of others) bench.connect(name);
    await bench.settled();
    for (const name of others) bench.open(`c-${name}`, [name, name === 'a0' ? 'a1' : 'a0']);
    await bench.pass(12 * minute, () => bench.answerAll());
    const calls = countBy(bench.calls.map(({ conversation }) => conversation));
    for (const name of others) expect(calls.get(`c-${name}`) ?? 0).toBeGreaterThanOrEqual(4);
    expect(mostInAWindow(bench.calls)).toBeLessThanOrEqual(10);
  });
});

describe('whatever happens', () => {
  const step = fc.record({
    kind: fc.constantFrom(
      'open',
      'connect',
      'drop',
      'answer',
      'answer',
      'fail',
      'limited',
      'pause',
      'resume',
      'seat',
      'unseat',
      'wait',
      'wait',
      'restart',
    ),
    pick: fc.nat(),
  });

  it('no window holds more calls than the rule, and nobody starves when calm returns', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 40, maxLength: 150 }), async (steps) => {
        const bench = new Bench({ m: { requests: 3, tokens: 0 } });
        const names = ['a', 'b', 'c', 'd'];
        let opened = 0;
        let restarted = 0;
        const some = <T>(all: readonly T[], pick: number) => all[pick % Math.max(1, all.length)];
        const conversation = (pick: number) => `c${pick % Math.max(1, opened)}`;
        for (const { kind, pick } of steps) {
          if (kind === 'open' && opened < 6) {
            const by = names[pick % 4] as string;
            bench.open(`c${opened++}`, [by, names[(pick + 1) % 4] as string], {
              onFailure: 'retry',
              turnDeadlineMs: 3_000,
            });
          } else if (kind === 'connect' && bench.replicas.length < 6)
            bench.connect(names[pick % 4] as string, { capacity: 1 + (pick % 3) });
          else if (kind === 'drop') {
            const replica = some(bench.replicas, pick);
            if (replica) bench.disconnect(replica);
          } else if (kind === 'answer') {
            const [grant] = bench.granted.splice(pick % Math.max(1, bench.granted.length), 1);
            if (grant) bench.answer(grant);
          } else if (kind === 'fail' || kind === 'limited') {
            const [grant] = bench.granted.splice(pick % Math.max(1, bench.granted.length), 1);
            const held = grant && bench.router.grants.grantOf(grant.conversation, grant.turn);
            if (held?.lease && kind === 'limited') held.lease.pool.slowDown(held.lease, bench.now, 1_000);
            if (grant)
              bench.submit(grant.conversation, {
                type: 'pass',
                from: grant.name,
                turn: grant.turn,
                attempt: grant.attempt,
                reason: kind === 'fail' ? 'model-unavailable' : 'rate-limited',
              });
          } else if (kind === 'pause' || kind === 'resume')
            bench.submit(conversation(pick), { type: kind, by: 'op' });
          else if (kind === 'seat' || kind === 'unseat')
            bench.submit(conversation(pick), { type: kind, by: 'op', who: names[pick % 4] as string });
          else if (kind === 'wait') await bench.pass((pick % 400) * 100);
          else if (kind === 'restart' && bench.now > restarted + minute) {
            restarted = bench.now;
            bench.restart();
          }
          await bench.settled();
        }
        // Whoever died took along what it had been granted; everybody comes back and answers.
        for (const name of names) bench.connect(name, { capacity: 2 });
        for (let i = 0; i < opened; i++) {
          bench.submit(`c${i}`, { type: 'resume', by: 'op' });
          for (const who of names) bench.submit(`c${i}`, { type: 'unseat', by: 'op', who });
        }
        await bench.settled();
        const before = new Map(
          Array.from({ length: opened }, (_, i) => [`c${i}`, bench.entries(`c${i}`).length]),
        );
        await bench.pass(12 * minute, () => bench.answerAll());
        expect(mostInAWindow(bench.calls)).toBeLessThanOrEqual(3);
        for (const [id, count] of before) expect(bench.entries(id).length).toBeGreaterThan(count);
      }),
      { seed: 41, numRuns: 40 },
    );
  });
});

describe('a turn that waits for a call', () => {
  it('is served before one that comes just as a call is free', async () => {
    const bench = new Bench({ m: { requests: 1, tokens: 0 } });
    for (const name of ['a', 'b', 'c']) bench.connect(name);
    for (const name of ['a', 'b']) bench.open(`c-${name}`, [name, 'x'], { onFailure: 'retry' });
    await bench.settled();
    bench.answerAll();
    await bench.settled();
    // The window has gone by, and no tick has noticed yet.
    bench.now += minute + 1;
    bench.open('c-c', ['c', 'x'], { onFailure: 'retry' });
    await bench.settled();
    expect([bench.waits('c-b'), bench.waits('c-c')]).toEqual([{ b: 'rate' }, { c: 'rate' }]);
    await bench.pass(100);
    expect(bench.calls.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  it('says so, and its deadline begins with the grant', async () => {
    const bench = new Bench({ m: { requests: 1, tokens: 0 } });
    bench.connect('a');
    bench.connect('b');
    bench.open('c', ['a', 'b'], { turnDeadlineMs: 5_000, maxAttempts: 1 });
    await bench.settled();
    bench.answerAll();
    await bench.settled();
    expect(bench.waits('c')).toEqual({ b: 'rate' });
    await bench.pass(59_000);
    expect(bench.granted).toEqual([]);
    await bench.pass(1_500);
    expect(bench.granted).toMatchObject([{ name: 'b', deadlineMs: 5_000, calls: 1 }]);
    await bench.pass(4_500);
    expect(bench.waits('c')).toEqual({});
    expect(bench.entries('c').some(({ type }) => type === 'lapsed' || type === 'ended')).toBe(false);
  });

  it('keeps a place of its agent, and loses none when the agent is away for a moment', async () => {
    const bench = new Bench({ m: { requests: 1, tokens: 0 } });
    const replica = bench.connect('a');
    for (const id of ['c0', 'c1', 'c2']) bench.open(id, ['a', 'b'], { onFailure: 'retry' });
    await bench.settled();
    bench.answerAll();
    await bench.settled();
    expect([bench.waits('c1'), bench.waits('c2')]).toEqual([{ a: 'rate' }, { a: 'replica' }]);
    bench.disconnect(replica);
    await bench.pass(200);
    expect(bench.waits('c1')).toEqual({ a: 'absent' });
    bench.connect('a');
    await bench.pass(minute);
    expect(bench.calls.map(({ conversation }) => conversation)).toEqual(['c0', 'c1']);
  });

  it('is not asked for again while thousands wait: a tick looks at each pool once', async () => {
    const bench = new Bench({ m: { requests: 1, tokens: 0 } });
    for (let i = 0; i < 50; i++) bench.connect(`a${i}`, { capacity: 100 });
    for (let i = 0; i < 5_000; i++) bench.open(`c${i}`, [`a${i % 50}`, `a${(i + 1) % 50}`]);
    await bench.settled();
    let asked = 0;
    const { lease } = Pool.prototype;
    Pool.prototype.lease = function (this: Pool, now) {
      asked++;
      return lease.call(this, now);
    };
    try {
      await bench.pass(1_000);
    } finally {
      Pool.prototype.lease = lease;
    }
    expect(asked).toBeLessThanOrEqual(10);
    expect(bench.calls).toHaveLength(1);
  });
});

describe('why a turn waits', () => {
  it('is shown for everybody who has the floor', async () => {
    const bench = new Bench({});
    bench.open('absent', ['a', 'b']);
    await bench.settled();
    expect(bench.waits('absent')).toEqual({ a: 'absent' });
    bench.submit('absent', { type: 'pause', by: 'op' });
    await bench.settled();
    expect(bench.waits('absent')).toEqual({ a: 'paused' });
    bench.submit('absent', { type: 'resume', by: 'op' });
    bench.submit('absent', { type: 'seat', who: 'a', by: 'op' });
    await bench.settled();
    expect(bench.waits('absent')).toEqual({ a: 'seat' });
    bench.submit('absent', { type: 'unseat', who: 'a', by: 'op' });
    bench.open('second', ['a', 'b'], { paceMs: 5_000, onFailure: 'retry' });
    await bench.settled();
    expect(bench.waits('second')).toEqual({ a: 'pace' });
    bench.connect('a');
    await bench.pass(6_000);
    expect([bench.waits('absent'), bench.waits('second')]).toEqual([{}, { a: 'replica' }]);
    const [grant] = bench.granted;
    bench.submit('absent', {
      type: 'pass',
      from: 'a',
      turn: grant?.turn as number,
      attempt: grant?.attempt,
      reason: 'model-unavailable',
    });
    await bench.settled();
    expect(bench.waits('absent')).toEqual({ a: 'retry' });
    const text = await bench.router.metrics.registry.getSingleMetricAsString('parley_turns_waiting');
    expect(text).toContain('parley_turns_waiting{reason="retry"} 1');
    expect(text).toContain('parley_turns_waiting{reason="rate"} 0');
  });
});

describe('after a restart', () => {
  it('the calls of the last minute still count', async () => {
    const bench = new Bench({ m: { requests: 4, tokens: 0 } });
    for (const name of ['a', 'b', 'c', 'd']) bench.connect(name);
    bench.open('x', ['a', 'b']);
    bench.open('y', ['c', 'd']);
    await bench.pass(500, () => bench.answerAll());
    expect(bench.calls).toHaveLength(4);
    bench.restart();
    for (const name of ['a', 'b', 'c', 'd']) bench.connect(name);
    await bench.pass(5 * minute, () => bench.answerAll());
    expect(mostInAWindow(bench.calls)).toBe(4);
    expect(bench.calls.length).toBeGreaterThan(16);
  });

  it('nobody is absent at once who was there before', async () => {
    const bench = new Bench({});
    bench.open('x', ['a', 'b'], { turnDeadlineMs: 3_600_000, absentMs: 10_000 });
    const replica = bench.connect('a', { capacity: 1 });
    bench.open('y', ['a', 'b'], { turnDeadlineMs: 3_600_000, absentMs: 10_000 });
    await bench.pass(5 * minute, () => expect(bench.granted).toHaveLength(1));
    bench.disconnect(replica);
    await bench.pass(9_000);
    bench.restart();
    await bench.pass(9_000);
    const ended = () => ['x', 'y'].map((id) => bench.entries(id).some(({ type }) => type === 'ended'));
    expect(ended()).toEqual([false, false]);
    await bench.pass(2_000);
    expect(ended()).toEqual([true, true]);
  });
});

describe('a server that takes one call at once', () => {
  it('serves many conversations: their turns wait for each other, and a deadline counts from the grant', async () => {
    const bench = new Bench({ m: { requests: 0, tokens: 0, concurrency: 1 } });
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) bench.connect(name);
    const pairs = [
      ['a', 'b'],
      ['c', 'd'],
      ['e', 'f'],
    ];
    pairs.forEach((members, index) => {
      bench.open(`t${index}`, members, { maxTurns: 4, turnDeadlineMs: 10_000 });
    });
    await bench.settled();
    for (let i = 0; i < 12; i++) {
      expect(bench.router.grants.active).toBe(1);
      await bench.pass(8_000);
      bench.answerAll();
      await bench.settled();
    }
    expect(bench.router.conversations.count).toBe(0);
    expect(pairs.map((_, index) => bench.router.conversations.find(`t${index}`)?.status)).toMatchObject(
      pairs.map(() => ({ reason: 'max-turns' })),
    );
  });

  it('is free again when its caller is gone, or lets its deadline pass', async () => {
    const bench = new Bench({ m: { requests: 0, tokens: 0, concurrency: 1 } });
    const first = bench.connect('a');
    bench.connect('c');
    bench.open('t0', ['a', 'b'], { maxAttempts: 9 });
    bench.open('t1', ['c', 'd'], { maxAttempts: 9, turnDeadlineMs: 5_000 });
    await bench.settled();
    expect(bench.granted.map(({ name }) => name)).toEqual(['a']);
    bench.disconnect(first);
    await bench.pass(100);
    expect(bench.granted.map(({ name }) => name).at(-1)).toBe('c');
    bench.connect('a');
    await bench.pass(5_000);
    await bench.pass(100);
    expect(bench.granted.map(({ name }) => name).at(-1)).toBe('a');
  });
});
