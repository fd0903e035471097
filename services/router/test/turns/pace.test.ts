import { describe, expect, it } from 'vitest';
import { limits } from '../core/talk.ts';
import { RouterBench } from '../router-harness.ts';

const waits = ({ router }: RouterBench) => router.waitReasons.of(router.conversations.get('c1')!);

describe('a pace for readers', () => {
  it('a pace keeps a minimum time between messages, so that they can be read', async () => {
    const bench = new RouterBench();
    const [ann, bob] = ['ann', 'bob'].map((name) => bench.connect(name));
    await bench.open('c1', { opening: 'Good evening.', limits: limits({ paceMs: 2_000 }) });
    for (const speaker of [bob!, ann!, bob!]) {
      const before = bench.turns(speaker).length;
      await bench.pass(1_999);
      expect(bench.turns(speaker)).toHaveLength(before);
      expect(waits(bench)).toEqual({ [speaker.name]: 'pace' });
      await bench.pass(1);
      expect(bench.turns(speaker)).toHaveLength(before + 1);
      await bench.answer(speaker);
    }
    const said = bench.entries('c1').flatMap((entry) => (entry.type === 'said' ? [entry.at] : []));
    expect(said.slice(1).map((at, index) => at - said[index]!)).toEqual([2_000, 2_000, 2_000]);
  });

  it('a pace takes no time from a reply, and does not exist unless it is set', async () => {
    const bench = new RouterBench();
    const bob = bench.connect('bob');
    await bench.open('c1', { opening: 'Good evening.', limits: limits({ paceMs: 2_000 }) });
    await bench.pass(2_000);
    expect(bench.turns(bob)[0]).toMatchObject({ deadlineMs: 1_000, attempt: 1 });
    const quick = new RouterBench();
    const other = quick.connect('bob');
    await quick.open('c1', { opening: 'Good evening.' });
    expect(quick.turns(other)).toHaveLength(1);
  });
});
