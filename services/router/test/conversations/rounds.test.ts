import { describe, expect, it } from 'vitest';
import { type Round, Rounds } from '../../src/conversations/rounds.ts';
import { Faults } from '../../src/faults.ts';

const line = { type: 'say', from: 'ann', text: 'hi' } as const;

const bench = (run: (round: Round) => Promise<void>) => {
  const caught: unknown[] = [];
  const faults = new Faults(
    () => {},
    ({ error }) => caught.push(error),
    () => 0,
  );
  return { rounds: new Rounds(run, faults), caught };
};

describe('Rounds', () => {
  it('a round takes all commands of one event-loop iteration, and later commands wait for the next round', async () => {
    const sizes: number[] = [];
    const { rounds } = bench(async (round) => {
      sizes.push([...round.values()].flat().length);
      if (sizes.length === 1) rounds.add('c1', { command: line, done: undefined });
    });
    rounds.add('c1', { command: line, done: undefined });
    rounds.add('c2', { command: line, done: undefined });
    await rounds.settled();
    expect(sizes).toEqual([2, 1]);
  });

  it('rounds continue after one that threw an unexpected error', async () => {
    let begun = 0;
    const { rounds, caught } = bench(async () => {
      if (++begun === 1) throw new Error('a bug');
    });
    rounds.add('c1', { command: line, done: undefined });
    await rounds.settled();
    rounds.add('c1', { command: line, done: undefined });
    await rounds.settled();
    expect(begun).toBe(2);
    expect(caught).toEqual([new Error('a bug')]);
  });

  it('a command is refused at once, with the reason that the queue is full, when 20,000 wait for a disk that hangs', async () => {
    const { promise: disk, resolve } = Promise.withResolvers<void>();
    let held = 0;
    const { rounds } = bench((round) => {
      held += [...round.values()].flat().length;
      return disk;
    });
    const refused: unknown[] = [];
    const add = () => rounds.add('c1', { command: line, done: (outcome) => refused.push(outcome) });
    add();
    await expect.poll(() => rounds.isRunning).toBe(true);
    for (let i = 0; i < 20_100; i++) add();
    expect(refused).toHaveLength(100);
    expect(refused[0]).toMatchObject({
      code: 'unavailable',
      message: 'too many commands wait for the ledger',
    });
    resolve();
    await rounds.settled();
    expect(held).toBe(20_001);
  });
});
