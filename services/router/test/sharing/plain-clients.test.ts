import { describe, expect, it } from 'vitest';
import { SeveralRouters } from '../cluster/several-routers.ts';
import { limits } from '../core/talk.ts';
import { Plain } from '../plain-client.ts';
import type { RouterBench } from '../router-harness.ts';

const two = async (options = {}) => {
  const all = new SeveralRouters();
  return { all, a: await all.start('A', options), b: await all.start('B', options) };
};

/** The client has registered, and what had waited for it has arrived. */
const arrived = async (all: SeveralRouters, bench: RouterBench, name: string): Promise<Plain> => {
  const client = new Plain(bench, name);
  await client.session.entering;
  await all.settle();
  return client;
};

describe('a plain client and several routers', () => {
  it('a plain client gets messages that were sent over another router, once', async () => {
    const { all, a, b } = await two();
    const bob = await arrived(all, b, 'bob');
    const ann = await arrived(all, a, 'ann');
    await ann.send('bob', 'hello');
    await all.settle();
    expect(bob.connection.texts).toEqual(['hello']);
    await bob.send('ann', 'hi');
    await all.settle();
    expect(ann.connection.texts).toEqual(['hi']);
  });

  it('a plain client that connects to another router is sent each message that it has not confirmed once, and no confirmed one', async () => {
    const { all, a, b } = await two();
    const bob = await arrived(all, a, 'bob');
    const ann = await arrived(all, a, 'ann');
    await ann.send('bob', 'confirmed');
    await all.settle();
    await bob.confirm();
    await ann.send('bob', 'not confirmed');
    await all.settle();
    const again = await arrived(all, b, 'bob');
    expect(bob.connection.closedBy).toBe('taken-over');
    expect(again.connection.texts).toEqual(['not confirmed']);
    await ann.send('bob', 'later');
    await all.settle();
    expect(again.connection.texts).toEqual(['not confirmed', 'later']);
  });

  it('a plain client that moves again and again gets each message once', async () => {
    const { all, a, b } = await two();
    const ann = await arrived(all, a, 'ann');
    const texts: string[] = [];
    for (let move = 0; move < 6; move++) {
      const bob = await arrived(all, move % 2 === 0 ? b : a, 'bob');
      await ann.send('bob', `message ${move}`);
      await all.settle();
      texts.push(...bob.connection.texts);
      await bob.confirm();
      await all.settle();
    }
    expect(texts).toEqual([0, 1, 2, 3, 4, 5].map((move) => `message ${move}`));
  });

  it('messages to a disconnected plain client wait at every router, and are delivered by the one to which it connects', async () => {
    const { all, a, b } = await two();
    const ann = await arrived(all, a, 'ann');
    await ann.send('bob', 'one');
    await ann.send('bob', 'two');
    await all.settle();
    expect([a.router.mailboxes.waiting, b.router.mailboxes.waiting]).toEqual([2, 2]);
    const bob = await arrived(all, b, 'bob');
    expect(bob.connection.texts).toEqual(['one', 'two']);
    await all.pass(1_000);
    bob.session.ponged(bob.connection.pings);
    await all.pass(1_000);
    expect([a.router.mailboxes.waiting, b.router.mailboxes.waiting]).toEqual([0, 0]);
    bob.leave();
    await all.settle();
    expect((await arrived(all, a, 'bob')).connection.texts).toEqual([]);
  });

  it('when the router of a plain client dies, another router sends the messages that the client had not confirmed', async () => {
    const { all, a, b } = await two();
    const ann = await arrived(all, b, 'ann');
    const bob = await arrived(all, a, 'bob');
    await ann.send('bob', 'confirmed');
    await all.pass(1_000);
    bob.session.ponged(bob.connection.pings);
    await all.pass(1_000);
    await ann.send('bob', 'not confirmed');
    await all.settle();
    expect(bob.connection.texts).toEqual(['confirmed', 'not confirmed']);
    all.kill('A');
    await all.settle();
    expect((await arrived(all, b, 'bob')).connection.texts).toEqual(['not confirmed']);
  });

  it('a turn of a plain client is offered by the router to which it is connected, and by no other', async () => {
    const { all, a, b } = await two();
    const bob = await arrived(all, b, 'bob');
    const ann = a.connect('ann');
    await all.settle();
    await a.open('c', { limits: limits({ maxTurns: 4 }) });
    await all.settle();
    await a.answer(ann);
    await all.settle();
    expect(bob.connection.texts).toEqual(['line 1']);
    expect(a.router.waitReasons.of(a.router.conversations.get('c') as never)).toEqual({});
    bob.session.receive(JSON.stringify({ target: 'ann', text: 'from bob' }));
    await all.settle();
    expect(a.turns(ann).at(-1)).toMatchObject({ turn: 3 });
  });

  it('a plain client that moves to another router during its turn is granted the turn again, and its answer is accepted', async () => {
    const { all, a, b } = await two();
    await arrived(all, a, 'bob');
    const ann = a.connect('ann');
    await all.settle();
    await a.open('c', { limits: limits({ maxTurns: 4 }) });
    await all.settle();
    await a.answer(ann);
    await all.settle();
    const again = await arrived(all, b, 'bob');
    expect(again.connection.texts).toEqual(['line 1']);
    again.session.receive(JSON.stringify({ target: 'ann', text: 'from bob' }));
    await all.settle();
    expect(again.codes).toEqual([]);
    expect(a.turns(ann).at(-1)).toMatchObject({ turn: 3 });
  });

  it('the step of an operator is one turn, also when the members that have the floor are plain clients of different routers', async () => {
    const { all, a, b } = await two();
    const [ann, bob] = [await arrived(all, a, 'ann'), await arrived(all, b, 'bob')];
    const cid = a.connect('cid');
    await all.settle();
    await a.open('c', {
      ...{ policy: 'mention', members: ['cid', 'ann', 'bob'] },
      limits: limits({ turnDeadlineMs: 600_000 }),
    });
    await all.until('cid has the turn', () => a.turns(cid).length === 1);
    await a.submit('c', { type: 'pause', by: 'boss' });
    await a.submit('c', { type: 'resume', by: 'boss', lines: 2 });
    await all.settle();
    await a.submit('c', { type: 'say', from: 'cid', turn: 1, attempt: 1, text: 'go @ann @bob' });
    for (let tick = 0; tick < 5; tick++) await all.pass(1_000);
    const floor = a.router.conversations.get('c')?.floor.map(({ member }) => member);
    expect(floor?.toSorted()).toEqual(['ann', 'bob']);
    expect([...ann.connection.texts, ...bob.connection.texts]).toHaveLength(1);
  });

  it('a message to a client that reads at another router uses no mailbox quota, and one to a client that does not read does', async () => {
    const mailboxLimits = {
      each: { messages: 4, bytes: 1e6 },
      all: { messages: 1e6, bytes: 1e9 },
      maxAgeMs: 60_000,
    };
    const { all, a, b } = await two({ mailboxLimits });
    const bob = await arrived(all, b, 'bob');
    const ann = await arrived(all, a, 'ann');
    for (let i = 0; i < 10; i++) ann.say('bob', `message ${i}`);
    await all.settle();
    expect([ann.codes, bob.connection.texts.length]).toEqual([[], 10]);
    expect(a.router.mailboxes.waiting).toBe(0);
    bob.connection.isSilent = true;
    await all.until('A knows that bob does not read', () => !a.router.presence.isReadElsewhere('bob'));
    for (let i = 0; i < 10; i++) await ann.send('bob', `message ${i}`);
    await all.settle();
    expect(ann.codes).toContain('mailbox-full');
  });

  it('a name that becomes an agent at another router has no mailbox any more', async () => {
    const { all, a, b } = await two();
    const ann = await arrived(all, a, 'ann');
    await ann.send('bob', 'hello');
    await all.settle();
    b.connect('bob');
    await all.settle();
    expect([a.router.mailboxes.waiting, b.router.mailboxes.waiting]).toEqual([0, 0]);
  });

  it('a client does not wait for a suspended router, and gets the messages that it had not confirmed there', async () => {
    const { all, a, b } = await two();
    const ann = await arrived(all, b, 'ann');
    const bob = await arrived(all, a, 'bob');
    await ann.send('bob', 'hello');
    await all.settle();
    expect(bob.connection.texts).toEqual(['hello']);
    all.network.deafen('A');
    expect((await arrived(all, b, 'bob')).connection.texts).toEqual(['hello']);
  });

  it('frames that a client sends while it moves are received after it has joined', async () => {
    const { all, a, b } = await two();
    await arrived(all, a, 'bob');
    const ann = await arrived(all, a, 'ann');
    const bob = new Plain(b, 'bob');
    expect([bob.session.name, bob.session.entering]).toEqual([undefined, expect.any(Promise)]);
    await bob.session.entering;
    bob.say('ann', 'hello');
    await all.settle();
    expect(ann.connection.texts).toEqual(['hello']);
  });
});
