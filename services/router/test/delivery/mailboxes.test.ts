import { describe, expect, it } from 'vitest';
import { bounded, Plain } from '../plain-client.ts';
import { RouterBench } from '../router-harness.ts';

describe('messages for a plain client that is away', () => {
  it('messages wait in the order of the ledger and are delivered when the client connects', async () => {
    const bench = new RouterBench();
    const ann = new Plain(bench, 'ann');
    const cyd = new Plain(bench, 'cyd');
    await ann.send('bob', 'one');
    await cyd.send('bob', 'two');
    await ann.send('bob', 'three');
    expect(bench.router.mailboxes.waiting).toBe(3);
    expect(new Plain(bench, 'bob').connection.texts).toEqual(['one', 'two', 'three']);
    expect(bench.router.mailboxes.waiting).toBe(0);
  });

  it('after a restart exactly the messages that were not delivered are pending', async () => {
    const bench = new RouterBench();
    const ann = new Plain(bench, 'ann');
    const bob = new Plain(bench, 'bob');
    await ann.send('bob', 'one');
    await bob.confirm();
    // Written down within a second.
    await bench.pass(1_000);
    await ann.send('bob', 'two');
    bench.restart();
    expect(bench.router.mailboxes.waiting).toBe(1);
    expect(new Plain(bench, 'bob').connection.texts).toEqual(['two']);
  });

  it('unacknowledged messages are sent again after a broken connection, and not after an orderly close', async () => {
    const bench = new RouterBench();
    const ann = new Plain(bench, 'ann');
    const bob = new Plain(bench, 'bob');
    await ann.send('bob', 'one');
    bob.leave({ orderly: false });
    const again = new Plain(bench, 'bob');
    expect(again.connection.texts).toEqual(['one']);
    again.leave();
    expect(new Plain(bench, 'bob').connection.texts).toEqual([]);
  });

  it('pending messages are found after a restart, however many entries were written since', async () => {
    const bench = new RouterBench();
    const ann = new Plain(bench, 'ann');
    await ann.send('bob', 'old');
    const cyd = new Plain(bench, 'cyd');
    const text = (i: number) => JSON.stringify({ target: 'ann', text: `line ${i}` });
    for (let i = 0; i < 3_000; i++) cyd.session.receive(text(i));
    await bench.settled();
    await ann.confirm();
    await bench.pass(1_000);
    let read = 0;
    const { readAll } = bench.ledger.kept;
    bench.ledger.kept.readAll = (since, limit) => {
      const page = readAll(since, limit);
      read += page.length;
      return page;
    };
    bench.restart();
    expect(new Plain(bench, 'bob').connection.texts).toEqual(['old']);
    expect(read).toBeGreaterThan(0);
  });

  it('entries below the watermark of all clients are not read after a restart', async () => {
    const bench = new RouterBench();
    const ann = new Plain(bench, 'ann');
    const cyd = new Plain(bench, 'cyd');
    for (let i = 0; i < 30; i++) {
      for (let j = 0; j < 100; j++) cyd.session.receive(JSON.stringify({ target: 'ann', text: 'a line' }));
      await bench.settled();
      await ann.confirm();
      await ann.confirm();
    }
    await bench.pass(1_000);
    const since: number[] = [];
    const { readAll } = bench.ledger.kept;
    bench.ledger.kept.readAll = (from, limit) => {
      since.push(from);
      return readAll(from, limit);
    };
    bench.restart();
    expect(since[0]).toBeGreaterThan(1_500);
  });

  it('messages that are too old expire and are counted', async () => {
    const bench = bounded({});
    const ann = new Plain(bench, 'ann');
    await ann.send('bob', 'old');
    await bench.pass(40_000);
    await ann.send('bob', 'new');
    await bench.pass(30_000);
    expect(bench.router.mailboxes.waiting).toBe(1);
    expect(bench.router.plainDelivery.expired).toBe(1);
    expect(new Plain(bench, 'bob').connection.texts).toEqual(['new']);
  });

  it('an agent is sent no messages: they come with its turns', async () => {
    const bench = new RouterBench();
    bench.connect('bob');
    const ann = new Plain(bench, 'ann');
    await ann.send('bob', 'one');
    expect(bench.router.mailboxes.waiting).toBe(0);
  });

  it('watermarks are written later when the disk of the ledger is full', async () => {
    const bench = new RouterBench();
    const ann = new Plain(bench, 'ann');
    const bob = new Plain(bench, 'bob');
    await ann.send('bob', 'one');
    bench.ledger.isFull = true;
    await bob.confirm();
    await bench.pass(1_000);
    expect(bench.failures).toHaveLength(1);
    bench.ledger.isFull = false;
    await bench.pass(1_000);
    bench.restart();
    expect(new Plain(bench, 'bob').connection.texts).toEqual([]);
  });
});

describe('a mailbox', () => {
  it('a mailbox is bounded by messages: a sender above the limit is refused, and no accepted message is dropped', async () => {
    const bench = bounded({ messages: 4 });
    const senders = ['ann', 'cyd', 'dan', 'eve', 'fay'].map((name) => new Plain(bench, name));
    for (const sender of senders) await sender.send('bob', `by ${sender.session.name}`);
    expect(senders.map(({ codes }) => codes)).toEqual([[], [], [], [], ['mailbox-full']]);
    expect(senders[4]?.problems).toEqual(['bob is away and has too much waiting']);
    expect(new Plain(bench, 'bob').connection.texts).toHaveLength(4);
    await senders[4]?.send('bob', 'again');
    expect(senders[4]?.codes).toEqual(['mailbox-full']);
  });

  it('a mailbox is bounded by bytes', async () => {
    const bench = bounded({ bytes: 4_000 });
    const senders = ['ann', 'cyd', 'dan', 'eve', 'fay'].map((name) => new Plain(bench, name));
    for (const sender of senders) await sender.send('bob', 'ü'.repeat(450));
    expect(senders.map(({ codes }) => codes)).toEqual([[], [], [], [], ['mailbox-full']]);
  });

  it('a sender cannot fill the mailbox of a client alone', async () => {
    const bench = bounded({ messages: 8 });
    const ann = new Plain(bench, 'ann');
    for (let i = 0; i < 5; i++) await ann.send('bob', `line ${i}`);
    expect(ann.problems).toEqual(Array(3).fill('too much of ann waits for bob'));
    await new Plain(bench, 'cyd').send('bob', 'mine');
    expect(new Plain(bench, 'bob').connection.texts).toEqual(['line 0', 'line 1', 'mine']);
  });

  it('messages that are being written count against the quota, so that a burst does not exceed it', async () => {
    const bench = bounded({ messages: 8 });
    const ann = new Plain(bench, 'ann');
    for (let i = 0; i < 50; i++) ann.session.receive(JSON.stringify({ target: 'bob', text: `line ${i}` }));
    await bench.settled();
    expect(bench.router.mailboxes.waiting).toBe(2);
    expect(ann.codes).toHaveLength(48);
  });

  it('an opening that does not fit into a full mailbox leaves no conversation, and all of a burst is refused for that reason', async () => {
    const bench = bounded({ messages: 4 });
    for (const name of ['ann', 'cyd', 'dan', 'eve']) await new Plain(bench, name).send('bob', 'a line');
    const fay = new Plain(bench, 'fay');
    for (let i = 0; i < 5; i++) fay.session.receive(JSON.stringify({ target: 'bob', text: `line ${i}` }));
    await bench.settled();
    expect(fay.codes).toEqual(Array(5).fill('mailbox-full'));
    expect(bench.router.conversations.count).toBe(4);
  });

  it('a refused message releases its quota', async () => {
    const bench = bounded({ messages: 4 });
    const ann = new Plain(bench, 'ann');
    bench.ledger.isFull = true;
    for (let i = 0; i < 5; i++) await ann.send('bob', 'a line');
    expect(ann.codes).toEqual(Array(5).fill('unavailable'));
    bench.ledger.isFull = false;
    await ann.send('bob', 'a line');
    expect(ann.codes).toHaveLength(5);
    expect(bench.router.mailboxes.waiting).toBe(1);
  });

  it('all mailboxes together are bounded, for each sender and in total', async () => {
    const bench = bounded({}, { messages: 8 });
    const ann = new Plain(bench, 'ann');
    for (const name of ['b1', 'b2', 'b3']) await ann.send(name, 'a line');
    expect(ann.problems).toEqual(['too much of ann waits for others']);
    for (const name of ['s1', 's2', 's3', 's4']) {
      const sender = new Plain(bench, name);
      for (const to of ['b4', 'b5']) await sender.send(to, 'a line');
    }
    expect(bench.router.mailboxes.waiting).toBe(8);
    const late = new Plain(bench, 'late');
    await late.send('b9', 'a line');
    expect(late.problems).toEqual(['too much waits for clients that are away']);
    new Plain(bench, 'b4');
    await late.send('b9', 'a line');
    expect(late.problems).toHaveLength(1);
  });

  it('a message to a connected client needs no quota', async () => {
    const bench = bounded({ messages: 4 });
    const bob = new Plain(bench, 'bob');
    const ann = new Plain(bench, 'ann');
    for (let i = 0; i < 20; i++) await ann.send('bob', `line ${i}`);
    expect(ann.codes).toEqual([]);
    expect(bob.connection.texts).toHaveLength(20);
  });

  it('a mailbox holds positions of messages, never their text', async () => {
    const bench = new RouterBench();
    const text = 'x'.repeat(10_000);
    await new Plain(bench, 'ann').send('bob', text);
    const places: unknown[] = [];
    bench.restart();
    const { entriesSince } = bench.router.conversations;
    bench.router.conversations.entriesSince = (...place) => {
      places.push(place);
      return entriesSince.apply(bench.router.conversations, place);
    };
    const bob = new Plain(bench, 'bob');
    expect(places).toHaveLength(1);
    expect(bob.connection.texts).toEqual([text]);
  });
});

describe('a plain client whose opening could not be written', () => {
  it('the next message opens a conversation when the opening could not be written', async () => {
    const bench = new RouterBench();
    const ann = new Plain(bench, 'ann');
    bench.ledger.isFull = true;
    await ann.send('bob', 'lost');
    bench.ledger.isFull = false;
    await ann.send('bob', 'kept');
    expect(ann.codes).toEqual(['unavailable']);
    expect(new Plain(bench, 'bob').connection.texts).toEqual(['kept']);
  });
});
