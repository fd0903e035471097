import { describe, expect, it } from 'vitest';
import { openAuthenticator } from '../../src/identity/authenticator.ts';
import { unrestricted } from '../../src/identity/identity.ts';
import { AgentSession } from '../../src/sessions/agent-session.ts';
import { limits } from '../core/talk.ts';
import { bounded, Plain } from '../plain-client.ts';
import { FakeConnection } from '../router-harness.ts';

describe('a message of an agent to a plain client that is away', () => {
  const answering = async () => {
    const bench = bounded({ messages: 4 });
    const setting = {
      router: bench.router,
      authenticator: openAuthenticator,
      defaults: limits({ turnDeadlineMs: 60_000 }),
      routerName: 'test',
    } as const;
    const connection = new FakeConnection();
    const session = new AgentSession(setting, { connection, identity: unrestricted });
    const send = async (frame: object) => {
      session.receive(JSON.stringify(frame));
      await bench.settled();
    };
    await send({ type: 'register', name: 'bob', capacity: 100 });
    const ann = new Plain(bench, 'ann');
    ann.leave();
    // Four others have filled her mailbox.
    for (const name of ['cyd', 'dan', 'eve', 'fay']) await new Plain(bench, name).send('ann', `by ${name}`);
    const refused = () => connection.frames.filter(({ type }) => type === 'refused');
    return { bench, send, connection, refused };
  };
  type Answering = Awaited<ReturnType<typeof answering>>;
  const full = { type: 'refused', code: 'mailbox-full', retry: true };
  const granted = ({ connection }: Answering) => {
    const turn = connection.frames.find((frame) => frame.type === 'turn');
    if (turn?.type !== 'turn') throw new Error('there is no grant');
    return { conversation: turn.conversation, turn: turn.turn };
  };

  it('a message is refused when the mailbox is full, also as an answer, and the turn stays open', async () => {
    const parts = await answering();
    const { bench, send, refused } = parts;
    await send({ type: 'open', ref: 'o', members: ['ann'] });
    const place = granted(parts);
    await send({ type: 'say', ...place, text: 'hello', ref: 's' });
    expect(refused()).toMatchObject([{ ...full, ...place, ref: 's' }]);
    await send({ type: 'say', ...place, text: 'hello', target: 'ann' });
    expect(refused()).toHaveLength(2);
    expect(bench.types(place.conversation)).toEqual(['opened']);
    expect(bench.router.mailboxes.waiting).toBe(4);
    expect(new Plain(bench, 'ann').connection.texts).toHaveLength(4);
    await send({ type: 'say', ...place, text: 'hello' });
    expect(bench.types(place.conversation)).toEqual(['opened', 'said']);
    expect(refused()).toHaveLength(2);
  });

  it('an opening with a message for a full mailbox is refused and opens no conversation', async () => {
    const { bench, send, refused } = await answering();
    const before = bench.router.conversations.count;
    await send({ type: 'open', ref: 'o', members: ['ann'], opening: 'hello' });
    expect(refused()).toMatchObject([{ ...full, ref: 'o' }]);
    expect(bench.router.conversations.count).toBe(before);
  });

  it('a full mailbox refuses no message to other listeners, and none in conversations whose members speak in turn', async () => {
    const parts = await answering();
    const { send, refused, connection } = parts;
    await send({ type: 'open', ref: 'o', members: ['ann', 'cyd'], policy: 'round-robin' });
    await send({ type: 'say', ...granted(parts), text: 'hello' });
    await send({ type: 'open', ref: 'p', members: ['ann', 'cyd'], opening: 'no' });
    expect(refused()).toMatchObject([{ ...full, ref: 'p' }]);
    connection.sent.splice(0);
    await send({ type: 'open', ref: 'q', members: ['cyd', 'ann'] });
    await send({ type: 'say', ...granted(parts), text: 'hello', target: 'cyd' });
    expect(refused()).toEqual([]);
  });

  it('an answer to an agent that has disconnected needs no quota', async () => {
    const parts = await answering();
    const { bench, send, refused, connection } = parts;
    await bench.drop(bench.connect('zoe'));
    for (let i = 0; i < 10; i++) {
      connection.sent.splice(0);
      await send({ type: 'open', ref: `${i}`, members: ['zoe'] });
      await send({ type: 'say', ...granted(parts), text: 'hello' });
    }
    expect(refused()).toEqual([]);
    // An unsolicited message needs quota.
    const { conversation } = granted(parts);
    for (let i = 0; i < 3; i++) await send({ type: 'say', conversation, text: 'and', target: 'zoe' });
    expect(refused().at(-1)).toMatchObject({ ...full, conversation });
  });
});

describe('a router that starts', () => {
  it('after a restart all admitted messages are found, however many messages agents were sent meanwhile', async () => {
    const bench = bounded({}, { messages: 40 });
    await new Plain(bench, 'ann').send('bob', 'first');
    const zoe = bench.connect('zoe');
    const cyd = new Plain(bench, 'cyd');
    for (let i = 0; i < 2_000; i++) cyd.session.receive(JSON.stringify({ target: 'zoe', text: `line ${i}` }));
    await bench.settled();
    await bench.pass(1_000);
    await cyd.send('bob', 'last');
    await bench.drop(zoe);
    bench.restart();
    expect(bench.router.mailboxes.waiting).toBe(2);
    expect(new Plain(bench, 'bob').connection.texts).toEqual(['first', 'last']);
  });
});
