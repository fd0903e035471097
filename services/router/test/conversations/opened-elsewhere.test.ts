import { describe, expect, it } from 'vitest';
import { OpenedElsewhere } from '../../src/conversations/elsewhere/opened-elsewhere.ts';
import { opened } from '../ledger/ledger-entries.ts';

/** A ledger that other routers write. `asked`: ends the questions for what is new, one after the other. */
const make = () => {
  const here = new Set<string>();
  const asked: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];
  let trouble: string | undefined;
  const elsewhere = new OpenedElsewhere(
    {
      read: (id) => (here.has(id) ? [opened()] : []),
      trouble: () => trouble,
      caughtUp: () => new Promise<void>((resolve, reject) => asked.push({ resolve, reject })),
    },
    (id) => id === 'running',
  );
  const isTroubled = (why: string) => {
    trouble = why;
  };
  return { here, asked, elsewhere, isTroubled };
};

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('conversations that another router may have opened', () => {
  it('a conversation is waited for only where it is not known and other routers could tell of it', () => {
    const { here, elsewhere, isTroubled } = make();
    here.add('ended');
    expect(elsewhere.known('running')).toBeUndefined();
    expect(elsewhere.known('ended')).toBeUndefined();
    expect(elsewhere.known('other')).toBeInstanceOf(Promise);
    isTroubled('the connection to NATS is lost');
    expect(elsewhere.known('other')).toBeUndefined();
    const alone = new OpenedElsewhere({ read: () => [] }, () => false);
    expect(alone.known('other')).toBeUndefined();
  });

  it('questions that come while one is under way are answered by one more, which begins after it', async () => {
    const { asked, elsewhere } = make();
    const done: number[] = [];
    const ask = (n: number) => void elsewhere.known('other')?.then(() => done.push(n));
    ask(1);
    await settled();
    expect(asked).toHaveLength(1);
    for (const n of [2, 3, 4]) ask(n);
    await settled();
    expect(asked).toHaveLength(1);
    asked[0]?.resolve();
    await settled();
    expect(done).toEqual([1]);
    expect(asked).toHaveLength(2);
    asked[1]?.reject(new Error('NATS does not answer'));
    await settled();
    expect(done).toEqual([1, 2, 3, 4]);
    ask(5);
    await settled();
    expect(asked).toHaveLength(3);
  });
});
