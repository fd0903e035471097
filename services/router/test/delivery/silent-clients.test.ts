import { describe, expect, it } from 'vitest';
import { limits } from '../core/talk.ts';
import { bounded, Plain } from '../plain-client.ts';
import { RouterBench } from '../router-harness.ts';

const texts = (client: Plain) => client.connection.texts;

describe('what a plain client was sent', () => {
  it('a message counts as delivered when a later ping is answered, although earlier pings never were', async () => {
    const bench = new RouterBench();
    const ann = new Plain(bench, 'ann');
    const bob = new Plain(bench, 'bob');
    for (let i = 0; i < 5; i++) {
      await ann.send('bob', `message ${i}`);
      await ann.send('bob', `and ${i}`);
      await bench.pass(1_000);
      // The heartbeat pings, too.
      bob.connection.ping();
    }
    expect(bob.connection.pings).toBe(10);
    bob.session.ponged(bob.connection.pings);
    await bob.send('ann', 'answered');
    bob.leave({ orderly: false });
    expect(texts(new Plain(bench, 'bob'))).toEqual([]);
  });

  it('a message does not count as delivered when an earlier ping is answered', async () => {
    const bench = new RouterBench();
    const ann = new Plain(bench, 'ann');
    const bob = new Plain(bench, 'bob');
    await ann.send('bob', 'one');
    bob.connection.ping();
    await ann.send('bob', 'two');
    bob.session.ponged(1);
    bob.leave({ orderly: false });
    expect(texts(new Plain(bench, 'bob'))).toEqual(['two']);
  });

  it('a message is not acknowledged by a pong of the connection that was taken over', async () => {
    const bench = new RouterBench();
    const ann = new Plain(bench, 'ann');
    const old = new Plain(bench, 'bob');
    const taking = new Plain(bench, 'bob');
    await ann.send('bob', 'one');
    old.session.ponged(9);
    taking.leave({ orderly: false });
    expect(texts(new Plain(bench, 'bob'))).toEqual(['one']);
  });

  it('messages for a client that answers no ping are sent when it reads again, the last message before the ending', async () => {
    const bench = new RouterBench();
    const ann = new Plain(bench, 'ann');
    const bob = new Plain(bench, 'bob', { ack: true });
    await ann.send('bob', 'one');
    bob.connection.isSilent = true;
    await ann.send('bob', 'two');
    const [{ id } = { id: '' }] = bench.router.conversations.running();
    await bench.submit(id, { type: 'end', by: 'ops' });
    expect(texts(bob)).toEqual(['one']);
    bob.connection.isSilent = false;
    await bench.pass(1_000);
    expect(bob.connection.frames.slice(-2)).toMatchObject([
      { type: 'message', text: 'two' },
      { type: 'ended', conversation: id },
    ]);
    await bench.pass(1_000);
    expect(bob.connection.frames.filter(({ type }) => type === 'ended')).toHaveLength(1);
  });

  it('the unconfirmed messages of a client that sends frames and answers no ping are bounded', async () => {
    const bench = new RouterBench();
    const bob = new Plain(bench, 'bob');
    const ann = new Plain(bench, 'ann');
    for (let i = 0; i < 16_500; i++) ann.say('bob', 'x');
    await bench.settled();
    expect(texts(bob)).toHaveLength(16_384);
    const refused = ann.codes.length;
    expect(bench.router.mailboxes.waiting + refused).toBe(16_500 - 16_384);
    bob.session.ponged(bob.connection.pings);
    expect(texts(bob)).toHaveLength(16_500 - refused);
    expect(bench.router.mailboxes.waiting).toBe(0);
  });

  it('the messages that are sent to a client which answers no ping are bounded, and the rest waits in its mailbox', async () => {
    const bench = bounded({ messages: 4 });
    const bob = new Plain(bench, 'bob');
    const senders = ['ann', 'cyd', 'dan', 'eve', 'fay'].map((name) => new Plain(bench, name));
    await senders[0]?.send('bob', 'first');
    bob.connection.isSilent = true;
    for (const sender of senders) await sender.send('bob', `by ${sender.session.name}`);
    expect(texts(bob)).toEqual(['first']);
    expect(senders.map(({ codes }) => codes)).toEqual([[], [], [], [], ['mailbox-full']]);
    bob.connection.isSilent = false;
    await bench.pass(1_000);
    expect(texts(bob)).toEqual(['first', 'by ann', 'by cyd', 'by dan', 'by eve']);
    expect(bench.router.mailboxes.waiting).toBe(0);
  });
});

describe('a plain client that owes a reply', () => {
  const asked = async () => {
    const bench = new RouterBench();
    const ann = new Plain(bench, 'ann');
    const bob = new Plain(bench, 'bob');
    await ann.send('bob', 'What do you make of it?');
    return { bench, ann, bob };
  };

  it('a plain client may be silent for as long as its turn may take, and not when it owes no reply', async () => {
    const { bench, ann, bob } = await asked();
    const { turnDeadlineMs, maxAttempts } = limits();
    const deadline = turnDeadlineMs * maxAttempts;
    expect(ann.session.mayBeSilent()).toBe(false);
    expect(bob.session.mayBeSilent()).toBe(true);
    await bench.pass(deadline - 1);
    expect(bob.session.mayBeSilent()).toBe(true);
    await bench.pass(1);
    expect(bob.session.mayBeSilent()).toBe(false);
    await bob.send('ann', 'Much.');
    expect(bob.session.mayBeSilent()).toBe(false);
    expect(ann.session.mayBeSilent()).toBe(true);
  });

  it('a plain client that reconnects without having confirmed the message is sent it again, and its answer is accepted', async () => {
    const { bench, ann, bob } = await asked();
    bob.leave({ orderly: false });
    const again = new Plain(bench, 'bob');
    expect(texts(again)).toEqual(['What do you make of it?']);
    await again.send('ann', 'Much.');
    expect(texts(ann)).toEqual(['Much.']);
    expect(again.codes).toEqual([]);
  });

  it('a plain client that has confirmed the message is waited for, and its next message after a reconnect is the answer', async () => {
    const { bench, ann, bob } = await asked();
    await bob.confirm();
    bob.leave({ orderly: false });
    const again = new Plain(bench, 'bob');
    expect(texts(again)).toEqual([]);
    expect(again.session.mayBeSilent()).toBe(true);
    await again.send('ann', 'Much.');
    expect(texts(ann)).toEqual(['Much.']);
    const [{ id } = { id: '' }] = [...bench.router.conversations.running()];
    expect(bench.entries(id).at(-1)).toMatchObject({ from: 'bob', turn: 2 });
  });

  it('a plain client is sent the message again when its turn has lapsed, because its new process may not have it', async () => {
    const bench = new RouterBench();
    const bob = new Plain(bench, 'bob');
    const ann = bench.connect('ann');
    await bench.open('c1', { members: ['ann', 'bob'], policy: 'addressed' });
    await bench.answer(ann);
    await bob.confirm();
    bob.leave({ orderly: false });
    const again = new Plain(bench, 'bob');
    expect(texts(again)).toEqual([]);
    await bench.pass(limits().turnDeadlineMs);
    expect(bench.types('c1').at(-1)).toBe('lapsed');
    expect(texts(again)).toEqual(['line 1']);
  });

  it('a plain client that closed the connection itself is not sent the message again', async () => {
    const { bench, bob } = await asked();
    await bob.confirm();
    bob.leave();
    expect(texts(new Plain(bench, 'bob'))).toEqual([]);
  });
});
