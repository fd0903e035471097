import { describe, expect, it } from 'vitest';
import { limits } from '../core/talk.ts';
import { RouterBench } from '../router-harness.ts';

const depth = 300;

/** A conversation, and forks of which each is forked from the newest entry of the one before it. Counts reads of the ledger. */
const chain = async () => {
  const bench = new RouterBench();
  await bench.open('f0');
  const { kept } = bench.ledger;
  const { read } = kept;
  let reads = 0;
  kept.read = (...asked) => {
    reads++;
    return read(...asked);
  };
  bench.restart();
  for (let i = 1; i <= depth; i++) {
    const parent = await bench.stateAt(`f${i - 1}`, i);
    if (!parent) throw new Error(`f${i - 1} has no entry ${i}`);
    await bench.submit(`f${i}`, { type: 'fork', by: 'ann', parent, limits: limits() });
  }
  const counted = (act: () => void): number => {
    const before = reads;
    act();
    return reads - before;
  };
  return { bench, counted, made: reads };
};

describe('a long chain of forks', () => {
  it('a fork at the newest entry of a running conversation reads nothing of its ancestors', async () => {
    const { made } = await chain();
    expect(made).toBeLessThan(3 * depth);
  });

  it('a page of the last fork of a chain reads each ancestor at most twice, and has every entry once', async () => {
    const { bench, counted } = await chain();
    const { conversations } = bench.router;
    let seqs: number[] = [];
    const reads = counted(() => {
      seqs = conversations.page(`f${depth}`, 0, { entries: 1_000, bytes: 1e9 }).map(({ seq }) => seq);
    });
    expect(seqs).toEqual(Array.from({ length: depth + 1 }, (_, i) => i + 1));
    expect(reads).toBeLessThanOrEqual(2 * (depth + 2));
    const middle = conversations.page(`f${depth}`, 100, { entries: 5, bytes: 1e9 });
    expect(middle.map(({ seq }) => seq)).toEqual([101, 102, 103, 104, 105]);
    const small = conversations.page(`f${depth}`, 100, { entries: 5, bytes: 1 });
    expect(small.map(({ seq }) => seq)).toEqual([101]);
  });

  it('the owner of an entry is found with one read for each ancestor, and not among more than 20', async () => {
    const { bench, counted } = await chain();
    const { conversations } = bench.router;
    const owners: (string | undefined)[] = [];
    const reads = counted(() => {
      for (const seq of [depth + 1, depth - 10, depth - 18, depth - 19, 1])
        owners.push(conversations.ownerOf(`f${depth}`, seq));
    });
    expect(owners).toEqual([`f${depth}`, `f${depth - 11}`, `f${depth - 19}`, undefined, undefined]);
    expect(reads).toBe(1 + 12 + 20 + 20 + 20);
    expect([conversations.ownerOf('f0', 1), conversations.ownerOf('nothing', 1)]).toEqual(['f0', undefined]);
  });

  it('a router that starts reads the checkpoints of forks, and not their ancestors', async () => {
    const { bench, counted } = await chain();
    for (let i = 0; i < 3; i++) bench.router.conversations.keepStates();
    const before = bench.router.conversations.get(`f${depth}`);
    const reads = counted(() => bench.restart());
    expect(bench.router.conversations.get(`f${depth}`)).toEqual(before);
    expect(reads).toBeLessThan(10 * depth);
  });
});
