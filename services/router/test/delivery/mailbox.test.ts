import { describe, expect, it } from 'vitest';
import { Mailbox } from '../../src/delivery/mailbox/mailbox.ts';
import { MailboxQuota } from '../../src/delivery/mailbox/mailbox-quota.ts';
import { Mailboxes } from '../../src/delivery/mailbox/mailboxes.ts';
import type { QueuedMessage } from '../../src/delivery/plain/plain-message.ts';
import { FakeConnection } from '../router-harness.ts';

const limits = {
  each: { messages: 100, bytes: 1_000 },
  all: { messages: 1_000, bytes: 10_000 },
  maxAgeMs: 60_000,
};
const message = (
  position: number,
  conversation = 'c1',
  more: Partial<QueuedMessage> = {},
): QueuedMessage => ({
  ...{ conversation, seq: position, position, from: 'ann', at: 1_000 * position, bytes: 10, isDigest: false },
  ...more,
});
const start = () => {
  const quota = new MailboxQuota(limits);
  return { quota, box: new Mailbox('bob', quota) };
};
const positions = (messages: readonly QueuedMessage[]) => messages.map(({ position }) => position);

describe('a mailbox', () => {
  it('a mailbox has the position of the oldest message that waits, is held or is not acknowledged', () => {
    const { box } = start();
    expect(box.oldestPosition).toBeUndefined();
    box.put(message(7));
    box.hold(message(9, 'c2'));
    expect(box.oldestPosition).toBe(7);
    box.hold(message(5, 'c3'));
    expect(box.oldestPosition).toBe(5);
    box.send(new FakeConnection(), message(3), '{}');
    expect(box.oldestPosition).toBe(3);
    box.acknowledge();
    expect(box.oldestPosition).toBe(5);
    expect(positions(box.takeHeld('c3'))).toEqual([5]);
    expect(box.oldestPosition).toBe(7);
  });

  it('a mailbox lists all that the client is still to receive or to acknowledge', () => {
    const { box } = start();
    box.put(message(7));
    box.hold(message(9, 'c2'));
    box.send(new FakeConnection(), message(3), '{}');
    expect(positions(box.messages)).toEqual([7, 9, 3]);
  });

  it('a mailbox drops waiting messages that are too old, and keeps those of exactly the greatest age', () => {
    const { box, quota } = start();
    for (const position of [1, 2, 3]) box.put(message(position));
    expect(box.expire(2_000, new Set())).toBe(1);
    expect(positions(box.messages)).toEqual([2, 3]);
    expect(quota.messages).toBe(2);
    expect(box.expire(9_000, new Set())).toBe(2);
    expect([box.hasWaiting, quota.messages]).toEqual([false, 0]);
  });

  it('a mailbox drops waiting messages of removed conversations, and counts them', () => {
    const { box, quota } = start();
    for (const position of [1, 2, 3, 4]) box.put(message(position, position % 2 ? 'c1' : 'c2'));
    expect(box.expire(2_000, new Set(['c2', 'c9']))).toBe(3);
    expect(positions(box.messages)).toEqual([3]);
    expect(quota.messages).toBe(1);
  });

  it('a message that is held back keeps down the position up to which the client has all its messages', () => {
    const { box } = start();
    const connection = new FakeConnection();
    box.hold(message(4, 'c2'));
    for (const position of [3, 6]) box.send(connection, message(position), '{}');
    expect(box.acknowledge()).toBe(3);
    expect(box.acknowledge()).toBeUndefined();
    box.takeHeld('c2');
    expect(box.acknowledge()).toBe(6);
  });

  it('after an orderly close what was held waits in the order of the ledger', () => {
    const { box, quota } = start();
    box.put(message(7));
    box.hold(message(9, 'c2'));
    box.hold(message(5, 'c3'));
    box.disconnected();
    expect(box.isHolding('c2')).toBe(false);
    expect(positions(box.takeWaiting())).toEqual([5, 7, 9]);
    expect(quota.messages).toBe(0);
  });

  it('after a broken connection what was not acknowledged waits in the order of the ledger, and counts again', () => {
    const { box, quota } = start();
    box.put(message(7));
    box.hold(message(5, 'c3'));
    box.send(new FakeConnection(), message(6), '{}');
    expect(quota.messages).toBe(2);
    box.connectionBroke();
    expect(quota.messages).toBe(3);
    // A router that starts looks for what is pending from here.
    expect(box.oldestPosition).toBe(5);
    expect(positions(box.takeWaiting())).toEqual([5, 6, 7]);
    expect([quota.messages, box.isHolding('c3'), box.acknowledge()]).toEqual([0, false, undefined]);
  });
});

describe('all mailboxes', () => {
  it('all mailboxes have the oldest position of all clients, and of none without messages', () => {
    const boxes = new Mailboxes({ limits });
    boxes.getOrCreate('eve');
    expect(boxes.oldestPosition).toBeUndefined();
    for (const [name, position] of [
      ['bob', 5],
      ['cid', 3],
      ['dan', 8],
    ] as const)
      boxes.getOrCreate(name).put(message(position));
    expect(boxes.oldestPosition).toBe(3);
    expect(boxes.waiting).toBe(3);
    boxes.delete('cid');
    expect([boxes.get('cid'), boxes.oldestPosition]).toEqual([undefined, 5]);
  });

  it('all mailboxes name the conversations of known clients that still have messages', () => {
    const boxes = new Mailboxes({ limits });
    boxes.getOrCreate('bob').put(message(1, 'c1'));
    boxes.getOrCreate('bob').hold(message(2, 'c2'));
    boxes.getOrCreate('cid').put(message(3, 'c3'));
    expect(boxes.conversationsFor((name) => name === 'bob')).toEqual(new Set(['c1', 'c2']));
  });
});

describe('the quota of mailboxes', () => {
  it('one sender may use a quarter of each limit, and the limit itself is allowed', () => {
    const quota = new MailboxQuota({ ...limits, each: { messages: 100, bytes: 400 } });
    quota.take('bob', 'ann', 60);
    expect(quota.refusal('bob', 'ann', 40)).toBeUndefined();
    expect(quota.refusal('bob', 'ann', 41)).toBe('too much of ann waits for bob');
    expect(quota.refusal('bob', 'cid', 340)).toBeUndefined();
    quota.take('bob', 'cid', 1);
    expect(quota.refusal('bob', 'dan', 340)).toBe('bob is away and has too much waiting');
  });

  it('what is released may be used again, and releasing what was never taken changes nothing', () => {
    const quota = new MailboxQuota(limits);
    quota.release('bob', 'ann', 10);
    quota.take('bob', 'ann', 200);
    quota.take('bob', 'ann', 50);
    quota.release('bob', 'ann', 200);
    expect(quota.messages).toBe(1);
    expect(quota.refusal('bob', 'ann', 200)).toBeUndefined();
    expect(quota.refusal('bob', 'ann', 201)).toBe('too much of ann waits for bob');
    quota.release('bob', 'ann', 50);
    expect(quota.messages).toBe(0);
    expect(quota.refusal('bob', 'ann', 5_000)).toBeUndefined();
  });
});
