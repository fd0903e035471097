import { describe, expect, it } from 'vitest';
import { Mailbox } from '../../src/delivery/mailbox/mailbox.ts';
import { MailboxQuota } from '../../src/delivery/mailbox/mailbox-quota.ts';
import { Mailboxes } from '../../src/delivery/mailbox/mailboxes.ts';
import type { QueuedMessage } from '../../src/delivery/plain/plain-message.ts';
import { FakeConnection } from '../router-harness.ts';

const limits = {
  ...{ each: { messages: 1_000, bytes: 1e6 }, all: { messages: 1e6, bytes: 1e9 } },
  maxAgeMs: 60_000,
};

const message = (position: number, more: Partial<QueuedMessage> = {}): QueuedMessage => ({
  ...{ conversation: 'c1', seq: position, position, from: 'ann', at: position, bytes: 10, isDigest: false },
  ...more,
});

const positions = (messages: readonly QueuedMessage[]) => messages.map(({ position }) => position);

/** The mailbox of bob, with messages of the conversation c1 at these positions. */
const boxWith = (...waiting: (number | QueuedMessage)[]) => {
  const quota = new MailboxQuota(limits);
  const box = new Mailbox('bob', quota);
  for (const one of waiting) box.put(typeof one === 'number' ? message(one) : one);
  /** The connection counts its pings, so that a pong names one of them. */
  const connection = new FakeConnection();
  const send = (...sent: number[]) => {
    for (const position of sent) box.send(connection, message(position), `frame ${position}`);
  };
  return { box, quota, connection, send };
};

describe('a mailbox by itself', () => {
  it('messages wait in the order in which they were put, and are taken once', () => {
    const { box, quota } = boxWith(3, 5, 7);
    expect([box.hasWaiting, quota.messages]).toEqual([true, 3]);
    expect(positions(box.messages)).toEqual([3, 5, 7]);
    expect(positions(box.takeWaiting())).toEqual([3, 5, 7]);
    expect([box.hasWaiting, quota.messages]).toEqual([false, 0]);
    expect(box.takeWaiting()).toEqual([]);
  });

  it('the oldest position is that of the oldest message that waits, is held or is not acknowledged', () => {
    const { box, send } = boxWith();
    expect(box.oldestPosition).toBeUndefined();
    box.put(message(9));
    expect(box.oldestPosition).toBe(9);
    box.hold(message(7));
    box.hold(message(8));
    expect(box.oldestPosition).toBe(7);
    send(4, 5);
    expect(box.oldestPosition).toBe(4);
    expect(positions(box.messages)).toEqual([9, 7, 8, 4, 5]);
    box.acknowledge();
    box.takeHeld('c1');
    expect(box.oldestPosition).toBe(9);
  });

  it('the client is behind when as many messages as allowed are not acknowledged', () => {
    const { box, connection, send } = boxWith();
    for (let at = 1; at < 16_384; at++) send(at);
    expect(box.isBehind).toBe(false);
    send(16_384);
    expect(box.isBehind).toBe(true);
    expect(connection.sent).toHaveLength(16_384);
    box.acknowledge(1);
    expect(box.isBehind).toBe(false);
  });

  it('a ping asks once for what was sent since the last ping', () => {
    const { box, connection, send } = boxWith();
    box.ping(connection);
    send(1);
    box.ping(connection);
    box.ping(connection);
    expect(connection.pings).toBe(1);
  });

  it('every 256 messages ask for an acknowledgement by themselves, counted from the last ping', () => {
    const { box, connection, send } = boxWith();
    for (let at = 1; at < 256; at++) send(at);
    expect(connection.pings).toBe(0);
    send(256);
    expect(connection.pings).toBe(1);
    for (let at = 1; at < 256; at++) send(at);
    expect(connection.pings).toBe(1);
    box.acknowledge();
    // What is acknowledged already is not asked for.
    box.ping(connection);
    expect(connection.pings).toBe(1);
  });

  it('held messages of a conversation are taken together, and count against the quota until then', () => {
    const { box, quota } = boxWith();
    box.hold(message(1));
    box.hold(message(2));
    box.hold(message(3, { conversation: 'c2' }));
    expect([box.isHolding('c1'), box.isHolding('c2'), box.isHolding('c3')]).toEqual([true, true, false]);
    expect(quota.messages).toBe(3);
    expect(positions(box.takeHeld('c1'))).toEqual([1, 2]);
    expect([box.isHolding('c1'), quota.messages]).toEqual([false, 1]);
    expect(box.takeHeld('c1')).toEqual([]);
    expect(positions(box.messages)).toEqual([3]);
  });
});

describe('what the client of a mailbox has received', () => {
  it('a pong acknowledges what was sent before its ping, and names a position only when it has advanced', () => {
    const { box, connection, send } = boxWith();
    send(1, 2);
    box.ping(connection);
    send(3);
    expect(box.acknowledge(1)).toBe(2);
    expect(box.acknowledge(1)).toBeUndefined();
    expect(positions(box.messages)).toEqual([3]);
    expect(box.acknowledge()).toBe(3);
    expect(box.messages).toEqual([]);
  });

  it('the position stays before the oldest held message, and advances when that is acknowledged', () => {
    const { box, send } = boxWith();
    box.hold(message(6));
    box.hold(message(3, { conversation: 'c2' }));
    send(1, 8);
    expect(box.acknowledge()).toBe(2);
    box.takeHeld('c2');
    expect(box.acknowledge()).toBe(5);
    box.takeHeld('c1');
    expect(box.acknowledge()).toBe(8);
  });

  it('the position never goes back when an older message is acknowledged later', () => {
    const { box, send } = boxWith();
    send(8);
    expect(box.acknowledge()).toBe(8);
    send(5);
    expect(box.acknowledge()).toBeUndefined();
    send(9);
    expect(box.acknowledge()).toBe(9);
  });

  it('after an orderly close held messages wait like all others, in the order of the ledger', () => {
    const { box, quota } = boxWith(2, 6);
    box.hold(message(4, { conversation: 'c2' }));
    box.disconnected();
    expect(box.isHolding('c2')).toBe(false);
    expect(quota.messages).toBe(3);
    expect(positions(box.takeWaiting())).toEqual([2, 4, 6]);
    expect(quota.messages).toBe(0);
  });

  it('after a broken connection what was not acknowledged waits again, before what is newer', () => {
    const { box, quota, connection, send } = boxWith(9);
    box.hold(message(7, { conversation: 'c2' }));
    send(3);
    box.ping(connection);
    send(5);
    box.acknowledge(1);
    expect(quota.messages).toBe(2);
    box.connectionBroke();
    expect(quota.messages).toBe(3);
    expect(positions(box.takeWaiting())).toEqual([5, 7, 9]);
    expect([quota.messages, box.messages]).toEqual([0, []]);
  });
});

describe('a mailbox whose client another router has', () => {
  it('waiting messages count against the quota only while this router delivers them', () => {
    const { box, quota } = boxWith(1, 2);
    box.count(false);
    expect(quota.messages).toBe(0);
    box.count(false);
    box.put(message(3));
    expect(quota.messages).toBe(0);
    box.count(true);
    expect(quota.messages).toBe(3);
    box.count(true);
    expect(quota.messages).toBe(3);
    box.takeWaiting();
    expect(quota.messages).toBe(0);
  });

  it('what is taken while it is not counted releases nothing of other mailboxes', () => {
    const { box, quota } = boxWith();
    const other = new Mailbox('cyd', quota);
    other.put(message(1));
    box.count(false);
    for (const at of [2, 3, 4]) box.put(message(at));
    box.passed(2);
    expect(positions(box.takeWaiting())).toEqual([3, 4]);
    expect(quota.messages).toBe(1);
  });

  it('the messages count again when the connection to this router has ended', () => {
    const { box, quota } = boxWith(5);
    box.count(false);
    box.hold(message(6));
    box.disconnected();
    expect(quota.messages).toBe(2);
    box.takeWaiting();
    expect(quota.messages).toBe(0);
  });

  it('messages up to a position that another router has delivered are dropped, that position included', () => {
    const { box, quota } = boxWith(2, 4, 6);
    box.passed(1);
    expect(positions(box.messages)).toEqual([2, 4, 6]);
    box.passed(4);
    expect(positions(box.messages)).toEqual([6]);
    expect(quota.messages).toBe(1);
  });

  it('a waiting digest is handed to the other router, and messages stay', () => {
    const { box, quota } = boxWith(1, message(2, { isDigest: true }), 3);
    expect(positions(box.takeDigests())).toEqual([2]);
    expect(positions(box.messages)).toEqual([1, 3]);
    expect(quota.messages).toBe(2);
  });

  it('up to what the other router has processed only its pending messages are delivered, then the later ones here', () => {
    const { box, quota } = boxWith(1, 3, 5, 7);
    box.inherit([message(6), message(4)], 5);
    expect(positions(box.takeWaiting())).toEqual([4, 6, 7]);
    expect(quota.messages).toBe(0);
  });
});

describe('waiting messages that expire', () => {
  it('messages before a time are dropped and counted, and those of that time stay', () => {
    const { box, quota } = boxWith(10, 20, 30);
    expect(box.expire(10, new Set())).toBe(0);
    expect(box.expire(20, new Set())).toBe(1);
    expect(positions(box.messages)).toEqual([20, 30]);
    expect(box.expire(31, new Set())).toBe(2);
    expect([box.messages, quota.messages]).toEqual([[], 0]);
    expect(box.expire(31, new Set())).toBe(0);
  });

  it('messages of a removed conversation are dropped and counted with the old ones', () => {
    const { box, quota } = boxWith(10, 20, message(25, { conversation: 'c2' }), 30);
    expect(box.expire(15, new Set(['c2']))).toBe(2);
    expect(positions(box.messages)).toEqual([20, 30]);
    expect(quota.messages).toBe(2);
  });
});

describe('all mailboxes of a router', () => {
  it('a name has one mailbox until it is deleted', () => {
    const boxes = new Mailboxes({ limits });
    expect(boxes.get('bob')).toBeUndefined();
    const box = boxes.getOrCreate('bob');
    expect(boxes.getOrCreate('bob')).toBe(box);
    expect(boxes.get('bob')).toBe(box);
    expect([...boxes.all()]).toEqual([['bob', box]]);
    boxes.delete('bob');
    expect(boxes.get('bob')).toBeUndefined();
  });

  it('the oldest position and the number of messages are those of all mailboxes', () => {
    const boxes = new Mailboxes({ limits });
    expect([boxes.oldestPosition, boxes.waiting]).toEqual([undefined, 0]);
    boxes.getOrCreate('empty');
    boxes.getOrCreate('bob').put(message(5));
    boxes.getOrCreate('cyd').put(message(3));
    boxes.getOrCreate('dan').put(message(4));
    expect([boxes.oldestPosition, boxes.waiting]).toEqual([3, 3]);
  });

  it('the conversations of messages for these clients are told, sent and unacknowledged messages included', () => {
    const boxes = new Mailboxes({ limits });
    boxes.getOrCreate('bob').put(message(1));
    boxes.getOrCreate('bob').send(new FakeConnection(), message(2, { conversation: 'c2' }), 'frame');
    boxes.getOrCreate('cyd').put(message(3, { conversation: 'c3' }));
    expect(boxes.conversationsFor((name) => name === 'bob')).toEqual(new Set(['c1', 'c2']));
    expect(boxes.conversationsFor(() => false)).toEqual(new Set());
  });
});
