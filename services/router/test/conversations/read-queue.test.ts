import { expect, it } from 'vitest';
import { ReadQueue } from '../../src/conversations/read-queue.ts';

const kibibyte = 1024;
const turns = async (count: number) => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
};

it('the read queue reads a fixed amount in one event-loop iteration, however many reads wait', async () => {
  const queue = new ReadQueue(
    () => 0,
    (error) => {
      throw error;
    },
  );
  let inTurn = 0;
  let most = 0;
  let done = 0;
  for (let reader = 0; reader < 50; reader++) {
    let left = 20;
    const read = (): number => {
      inTurn += 64;
      done++;
      if (--left > 0) queue.add(read);
      return 64 * kibibyte;
    };
    queue.add(read);
  }
  while (done < 50 * 20) {
    inTurn = 0;
    await turns(1);
    most = Math.max(most, inTurn);
  }
  expect(most).toBeLessThanOrEqual(2 * 128);
});

it('the read queue serves readers one after the other and continues when a read fails', async () => {
  const failures: unknown[] = [];
  const queue = new ReadQueue(
    () => 0,
    (error) => failures.push(error),
  );
  const order: string[] = [];
  for (const name of ['a', 'b', 'c']) {
    let left = 2;
    const read = (): number => {
      order.push(name);
      if (name === 'b') throw new Error('b cannot read');
      if (--left > 0) queue.add(read);
      return 128 * kibibyte;
    };
    queue.add(read);
  }
  await turns(8);
  expect(order).toEqual(['a', 'b', 'c', 'a', 'c']);
  expect(failures).toEqual([new Error('b cannot read')]);
});

it('the read queue ends an event-loop iteration after 5 ms of reads, by its clock, however few bytes were read', async () => {
  let now = 0;
  const queue = new ReadQueue(
    () => now,
    (error) => {
      throw error;
    },
  );
  let done = 0;
  for (let i = 0; i < 4; i++)
    queue.add(() => {
      now += 3;
      done++;
      return 1;
    });
  await turns(1);
  expect(done).toBe(2);
  await turns(1);
  expect(done).toBe(4);
});
