import { describe, expect, it } from 'vitest';
import { Walk } from '../../src/turns/walk.ts';
import { limits } from '../core/talk.ts';
import { RouterBench } from '../router-harness.ts';

describe('a walk', () => {
  it('a step of a walk costs at most its budget and one visit, and the steps visit everything', () => {
    const walk = new Walk<number>();
    const all = Array.from({ length: 100 }, (_, i) => i);
    const met: number[] = [];
    const visit = (one: number) => {
      met.push(one);
      return 3;
    };
    let steps = 1;
    while (!walk.step(() => all, 10, visit)) {
      expect(met.length).toBe(4 * steps);
      steps++;
    }
    expect(met).toEqual(all);
  });

  it('a step with a budget larger than the collection visits everything once', () => {
    const walk = new Walk<number>();
    let visits = 0;
    expect(
      walk.step(
        () => [1, 2, 3],
        1_000,
        () => (visits += 1),
      ),
    ).toBe(true);
    expect(visits).toBe(3);
  });
});

it('a turn that may be granted is granted although hundreds of the same member may not be yet', async () => {
  const bench = new RouterBench();
  for (let i = 0; i < 500; i++)
    await bench.open(`gathers-${i}`, { members: ['ann', 'away'], limits: limits({ gatherMs: 3_600_000 }) });
  const ann = bench.connect('ann', { capacity: 10 });
  await bench.open('ready', { members: ['ann', 'bob'] });
  for (let i = 0; i < 5; i++) await bench.pass(100);
  expect(bench.turns(ann).map(({ conversation }) => conversation)).toEqual(['ready']);
});

it('thousands of gathering conversations are examined over several ticks, and all begin', async () => {
  const bench = new RouterBench();
  const crowd = Array.from({ length: 200 }, (_, i) => `m${i}`);
  for (let i = 0; i < 300; i++)
    await bench.open(`c${i}`, { members: ['ann', ...crowd], limits: limits({ gatherMs: 3_600_000 }) });
  const ann = bench.connect('ann', { capacity: 1_000 });
  for (const name of crowd) bench.connect(name);
  await bench.pass(100);
  expect(bench.turns(ann).length).toBeLessThan(300);
  for (let i = 0; i < 20; i++) await bench.pass(100);
  expect(new Set(bench.turns(ann).map(({ conversation }) => conversation)).size).toBe(300);
});
