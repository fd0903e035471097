import { describe, expect, it } from 'vitest';
import { CommandQueue, type CommandRound } from '../../src/conversations/command-queue.ts';
import { Faults } from '../../src/faults.ts';

const line = { type: 'say', from: 'ann', text: 'hi' } as const;

const bench = (run: (round: CommandRound) => Promise<void>) => {
  const caught: unknown[] = [];
  const faults = new Faults(
    () => {},
    ({ error }) => caught.push(error),
    () => 0,
  );
  return { queue: new CommandQueue(run, faults), caught };
};

describe('CommandQueue', () => {
  it('a round takes all commands of one event-loop iteration, and later commands wait for the next round', async () => {
    const sizes: number[] = [];
    const { queue } = bench(async (round) => {
      sizes.push([...round.values()].flat().length);
      if (sizes.length === 1) queue.add('c1', { command: line, done: undefined });
    });
    queue.add('c1', { command: line, done: undefined });
    queue.add('c2', { command: line, done: undefined });
    await queue.settled();
    expect(sizes).toEqual([2, 1]);
  });

  it('rounds continue after one that threw an unexpected error', async () => {
    let begun = 0;
    const { queue, caught } = bench(async () => {
      if (++begun === 1) throw new Error('a bug');
    });
    queue.add('c1', { command: line, done: undefined });
    await queue.settled();
    queue.add('c1', { command: line, done: undefined });
    await queue.settled();
    expect(begun).toBe(2);
    expect(caught).toEqual([new Error('a bug')]);
  });

  it('a command is refused at once, with the reason that the queue is full, when 20,000 wait for a disk that hangs', async () => {
    const { promise: disk, resolve } = Promise.withResolvers<void>();
    let held = 0;
    const { queue } = bench((round) => {
      held += [...round.values()].flat().length;
      return disk;
    });
    const refused: unknown[] = [];
    const add = () => queue.add('c1', { command: line, done: (outcome) => refused.push(outcome) });
    add();
    await expect.poll(() => queue.isRunning).toBe(true);
    for (let i = 0; i < 20_100; i++) add();
    expect(refused).toHaveLength(100);
    expect(refused[0]).toMatchObject({
      code: 'unavailable',
      message: 'too many commands wait for the ledger',
    });
    resolve();
    await queue.settled();
    expect(held).toBe(20_001);
  });
});
