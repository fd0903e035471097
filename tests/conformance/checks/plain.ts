import assert from 'node:assert/strict';
import { check, distinctLine } from '../check.ts';
import { type Client, firstOf } from '../client.ts';
import { playTranscript } from '../transcript.ts';
import type { World } from '../world.ts';

/** What a plain client sends wrongly, and the code of the one error it gets. */
const faults: readonly { readonly frame: object | string; readonly code: string }[] = [
  { frame: 'hello', code: 'bad-frame' },
  { frame: '[]', code: 'bad-frame' },
  { frame: {}, code: 'bad-frame' },
  { frame: { target: 'bob' }, code: 'bad-frame' },
  { frame: { text: 'hi' }, code: 'bad-frame' },
  { frame: { target: 'bob', text: '' }, code: 'bad-frame' },
  { frame: { target: 'bob', text: 7 }, code: 'bad-frame' },
  { frame: { target: ['bob'], text: 'hi' }, code: 'bad-frame' },
  { frame: { target: 'no such name', text: 'hi' }, code: 'bad-frame' },
  { frame: { target: '__proto__', text: 'hi' }, code: 'bad-frame' },
  { frame: { target: 'bob', text: 'x'.repeat(32_001) }, code: 'bad-frame' },
  { frame: { target: 'bob', text: 'x'.repeat(256 * 1024) }, code: 'too-large' },
  { frame: { type: 'message', target: 'bob', text: 'hi' }, code: 'unknown-type' },
  { frame: { type: 'say', target: 'bob', text: 'hi' }, code: 'unknown-type' },
  { frame: { type: 'register', name: 7 }, code: 'bad-frame' },
  { frame: { type: 'register' }, code: 'bad-frame' },
];

const saying = (world: World, target: string, text: string) => ({ target: world.name(target), text });

/** Two programs that answer each other until one of them is refused; the lines that came through, and the code. */
const talkUntilRefused = async (world: World, alice: Client, bob: Client) => {
  const conversations = new Set<unknown>();
  let lines = 0;
  let code: unknown;
  while (code === undefined && lines < 300) {
    const [from, to, target] = lines % 2 === 0 ? [alice, bob, 'bob'] : [bob, alice, 'alice'];
    from.send(saying(world, target, distinctLine(lines)));
    const [hearer, frame] = await firstOf(to, from);
    if (hearer === from) code = frame.code;
    else conversations.add(frame.conversation);
    lines++;
  }
  return { conversations, lines, code };
};

export const plainChecks = [
  check('3.1 3.2 3.3', 'the frames are exactly those of the golden transcript', playTranscript),
  check('3.1', 'register and ping are not answered, and registering twice is harmless', async (world) => {
    const client = await world.plain('alice');
    client.send({ type: 'ping' }, { type: 'register', name: world.name('alice') }, { type: 'ping' });
    await client.quiet();
  }),
  check(
    '3.2',
    'a message has exactly its six fields and type, and only messages have a text',
    async (world) => {
      const bob = await world.plain('bob');
      const alice = await world.plain('alice');
      const text = 'tab\t "quotes" \\ \u0000 \u2028 \ud83d\ude00 </script> __proto__';
      alice.send(saying(world, 'bob', text));
      const { conversation, seq, ...rest } = await bob.next();
      assert.deepEqual(rest, { type: 'message', from: world.name('alice'), target: world.name('bob'), text });
      assert.ok(typeof conversation === 'string' && Number.isInteger(seq));
    },
  ),
  check('3.3 7 8', 'every fault gets one error without a text, and the connection stays', async (world) => {
    const client = await world.plain('alice');
    for (const { frame, code } of faults) {
      client.send(frame);
      const error = await client.next('error');
      assert.equal(error.code, code, JSON.stringify(frame).slice(0, 200));
      assert.ok(!('text' in error));
    }
    await client.quiet();
  }),
  check(
    '3.3 8',
    'a message before register, a message to oneself, and a second name are refused',
    async (world) => {
      const client = await world.connect({ dialect: 'plain' });
      client.send(saying(world, 'bob', 'hi'));
      assert.equal((await client.next('error')).code, 'not-registered');
      client.send({ type: 'register', name: world.name('alice') });
      client.send(saying(world, 'alice', 'me?'));
      assert.equal((await client.next('error')).code, 'bad-target');
      client.send({ type: 'register', name: world.name('eve') });
      assert.equal((await client.next('error')).code, 'already-registered');
      await client.quiet();
    },
  ),
  check('3.4', 'two clients that write to each other share one conversation', async (world) => {
    const alice = await world.plain('alice');
    const bob = await world.plain('bob');
    alice.send(saying(world, 'bob', 'one'));
    const first = await bob.next('message');
    bob.send(saying(world, 'alice', 'two'));
    const second = await alice.next('message');
    alice.send(saying(world, 'bob', 'three'));
    const third = await bob.next('message');
    assert.deepEqual([second.conversation, third.conversation], [first.conversation, first.conversation]);
    assert.deepEqual([second.seq, third.seq], [Number(first.seq) + 1, Number(first.seq) + 2]);
  }),
  check('3.4', 'three clients that each write to the next are a ring in one conversation', async (world) => {
    const ring = ['anna', 'ben', 'cleo'];
    const clients: Client[] = [];
    for (const word of ring) clients.push(await world.plain(word));
    const conversations = new Set<unknown>();
    for (let line = 0; line < 9; line++) {
      const next = (line + 1) % 3;
      clients[line % 3]?.send(saying(world, ring[next] as string, distinctLine(line)));
      const message = await (clients[next] as Client).next('message');
      assert.equal(message.from, world.name(ring[line % 3] as string));
      conversations.add(message.conversation);
    }
    assert.equal(conversations.size, 1);
    const entries = await world.entries([...conversations][0] as string);
    assert.deepEqual(
      entries.filter(({ type }) => type === 'joined').map(({ who }) => who),
      [world.name('cleo')],
    );
  }),
  check('3.4', 'a client that owes no reply opens another conversation', async (world) => {
    const [alice, bob, carol] = [
      await world.plain('alice'),
      await world.plain('bob'),
      await world.plain('carol'),
    ];
    alice.send(saying(world, 'bob', 'one'));
    const first = await bob.next('message');
    bob.send(saying(world, 'alice', 'answered'));
    await alice.next('message');
    bob.send(saying(world, 'carol', 'something else'));
    assert.notEqual((await carol.next('message')).conversation, first.conversation);
  }),
  check(
    '3.4 3.7 7 8',
    'a loop stops at the limit, its next message is refused once, and the one after that opens a new conversation',
    async (world) => {
      const [alice, bob] = [await world.plain('alice'), await world.plain('bob')];
      const talk = await talkUntilRefused(world, alice, bob);
      assert.equal(talk.code, 'conversation-ended', `after ${talk.lines} lines; is the limit on turns off?`);
      assert.equal(talk.conversations.size, 1);
      const ended = [...talk.conversations][0] as string;
      assert.equal((await world.entries(ended)).at(-1)?.type, 'ended');

      alice.send(saying(world, 'bob', 'shall we go on?'));
      const [, answer] = await firstOf(alice, bob);
      if (answer.type === 'error') {
        // The one who was refused above was bob: this was the one refusal of alice.
        assert.equal(answer.code, 'conversation-ended');
        alice.send(saying(world, 'bob', 'shall we go on now?'));
      }
      const fresh = answer.type === 'error' ? await bob.next('message') : answer;
      assert.notEqual(fresh.conversation, ended);
      await alice.quiet();
    },
  ),
  check(
    '3.7',
    'a client may speak again before it is answered, and such a message takes no turn',
    async (world) => {
      const [alice, bob] = [await world.plain('alice'), await world.plain('bob')];
      alice.send(saying(world, 'bob', 'one'), saying(world, 'bob', 'two'), saying(world, 'bob', 'three'));
      const messages = [await bob.next('message'), await bob.next('message'), await bob.next('message')];
      assert.deepEqual(
        messages.map(({ text }) => text),
        ['one', 'two', 'three'],
      );
      const entries = await world.entries(messages[0]?.conversation as string);
      const turns = entries.filter(({ type }) => type === 'said').map(({ turn }) => turn);
      assert.deepEqual(turns, [1, undefined, undefined]);
    },
  ),
  check('3.7 7', 'unsolicited messages count for the limits', async (world) => {
    const alice = await world.plain('alice');
    await world.plain('bob');
    for (let line = 0; line < 90; line++) alice.send(saying(world, 'bob', distinctLine(line)));
    assert.equal((await alice.next('error')).code, 'conversation-ended');
  }),
  check('8', 'too many messages to a disconnected client are refused as mailbox-full', async (world) => {
    for (let sender = 0; sender < 60; sender++) {
      const client = await world.plain(`sender${sender}`);
      for (let line = 0; line < 30; line++) client.send(saying(world, 'away', distinctLine(line)));
      // What is wrong with a frame may be told before what becomes of the lines that came with it: so, twice.
      for (let answer = 0; answer < 2; answer++) {
        client.send({ type: 'no-such-type' });
        const { code } = await client.next('error');
        if (code === 'mailbox-full') return;
        assert.equal(code, 'unknown-type');
      }
    }
    assert.fail('1,800 messages wait and none was refused');
  }),
];
