import { describe, expect, it } from 'vitest';
import { Pool } from '../../src/quota/pool.ts';
import { Bench, mostInAWindow } from './pool-harness.ts';

const minute = 60_000;

describe('the queue of a pool', () => {
  it('a turn in the queue is served before one that comes just as a call is free', async () => {
    const bench = new Bench({ m: { requests: 1, tokens: 0 } });
    for (const name of ['a', 'b', 'c']) bench.connect(name);
    for (const name of ['a', 'b']) bench.open(`c-${name}`, [name, 'x'], { onFailure: 'retry' });
    await bench.settled();
    bench.answerAll();
    await bench.settled();
    // The window has gone by, and no tick has run yet.
    bench.now += minute + 1;
    bench.open('c-c', ['c', 'x'], { onFailure: 'retry' });
    await bench.settled();
    expect([bench.waits('c-b'), bench.waits('c-c')]).toEqual([{ b: 'rate' }, { c: 'rate' }]);
    await bench.pass(100);
    expect(bench.calls.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  it('a queued turn shows the reason `rate`, and its deadline begins with the grant', async () => {
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

  it('a queued turn uses capacity of its agent, and frees it when the agent disconnects', async () => {
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

  it('a tick asks each pool once while thousands of turns wait', async () => {
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

describe('the reason why a turn waits', () => {
  it('the reason is shown for each member that has the floor, and counted in the metrics', async () => {
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

describe('a restart of the router', () => {
  it('the calls of the last minute still count after a restart', async () => {
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

  it('an agent that was connected before a restart is not absent at once', async () => {
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
