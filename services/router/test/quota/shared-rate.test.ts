import { describe, expect, it } from 'vitest';
import { Bench, mostInAWindow } from './pool-harness.ts';

const minute = 60_000;
const sixty = { m: { requests: 60, tokens: 0 } };
const countBy = (names: readonly string[]) => {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
};

describe('fair shares of a pool', () => {
  it('fifty agents in fifty conversations share 60 calls a minute: no minute has more, none is left unused, and shares are equal', async () => {
    const bench = new Bench(sixty);
    const names = Array.from({ length: 50 }, (_, i) => `a${i}`);
    for (const name of names) bench.connect(name);
    // Each opens one with its neighbour, so that each agent is in two.
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

  it('an agent in a hundred conversations does not take the calls of the others', async () => {
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

describe('a pool with one call at a time', () => {
  it('a pool with one call at a time serves many conversations in turn, and each deadline counts from its grant', async () => {
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
      expect(bench.router.grants.count).toBe(1);
      await bench.pass(8_000);
      bench.answerAll();
      await bench.settled();
    }
    expect(bench.router.conversations.count).toBe(0);
    expect(pairs.map((_, index) => bench.router.conversations.find(`t${index}`)?.status)).toMatchObject(
      pairs.map(() => ({ reason: 'max-turns' })),
    );
  });

  it('a pool with one call at a time gives the call to the next turn when the caller disconnects or its deadline passes', async () => {
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
