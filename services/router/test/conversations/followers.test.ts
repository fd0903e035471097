import { describe, expect, it } from 'vitest';
import { Followers } from '../../src/conversations/commit.ts';
import { Conversations, type Outcome } from '../../src/conversations/conversations.ts';
import { openMemoryLedger } from '../../src/ledger/memory.ts';
import { limits } from '../core/talk.ts';

const make = () => {
  const conversations = new Conversations(
    openMemoryLedger(),
    () => 1_000,
    (error) => {
      throw error;
    },
  );
  const open = (id: string): Promise<Outcome> =>
    new Promise((resolve) =>
      conversations.submit(
        id,
        { type: 'open', by: 'ann', members: ['ann', 'bob'], policy: 'round-robin', limits: limits() },
        resolve,
      ),
    );
  return { conversations, open };
};

describe('Followers', () => {
  it('followers are told of a commit in the order in which they were added, before the command is answered', async () => {
    const { conversations, open } = make();
    const order: string[] = [];
    for (const name of ['zebra', 'ant', 'mole']) conversations.follow(name, () => order.push(name));
    await open('c1').then(() => order.push('answer'));
    expect(order).toEqual(['zebra', 'ant', 'mole', 'answer']);
  });

  it('two followers cannot have the same name, so that none replaces another', () => {
    const { conversations } = make();
    conversations.follow('metrics', () => {});
    expect(() => conversations.follow('metrics', () => {})).toThrow('there is a follower metrics already');
  });

  it('a follower that throws is reported by its name, and the next followers are still told', () => {
    const reported: string[] = [];
    let told = 0;
    const followers = new Followers((id, name) => {
      reported.push(`${name} in ${id}`);
      return 'caught';
    });
    followers.add('faulty', () => {
      throw new Error('a bug');
    });
    followers.add('next', () => told++);
    const after = { id: 'c1' } as never;
    followers.notify({ before: undefined, after, entries: [], position: 1, isForeign: false });
    expect(reported).toEqual(['faulty in c1']);
    expect(told).toBe(1);
    expect(followers.takeMissed(() => after)).toMatchObject([{ after: { id: 'c1' } }]);
    expect(followers.takeMissed(() => after)).toEqual([]);
  });
});

describe('Calls for the end of a flush', () => {
  it('all calls for the end of a flush are made after followers and answers, and a second call replaces no first one', async () => {
    const { conversations, open } = make();
    const order: string[] = [];
    conversations.follow('reader', () => order.push('follower'));
    conversations.afterFlush(() => order.push('first'));
    conversations.afterFlush(() => order.push('second'));
    await open('c1');
    await conversations.settled();
    expect(order).toEqual(['follower', 'first', 'second']);
  });
});
