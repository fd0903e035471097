import assert from 'node:assert/strict';
import { check } from '../check.ts';
import type { Client, Dialect } from '../client.ts';

const dialects: readonly Dialect[] = ['plain', 'v1'];

const goodNames = [
  'a',
  '7',
  'A.b_c-d',
  `x${'y'.repeat(63)}`,
  'constructor',
  'toString',
  'ä',
  '小明',
  'أحمد',
  'สมชาย',
];
const badNames = [
  '',
  '-a',
  '_a',
  '__proto__',
  'a b',
  'a\u202eb',
  'a\u200db',
  'a\n',
  'a/b',
  `x${'y'.repeat(64)}`,
];

/** Frames that are no frame at all, in any dialect. */
const badFrames = [
  '',
  '{',
  'null',
  '7',
  '"register"',
  '[]',
  '[{"type":"register","name":"a"}]',
  '{}',
  '{"type":7}',
];

/** The code of the one fault that comes back. */
const faultOf = async (client: Client): Promise<unknown> => (await client.next()).code;

export const connectionChecks = [
  ...dialects.flatMap((dialect) => [
    check('2.1', `a binary frame ends a ${dialect} connection with 1003`, async (world) => {
      const client = await world.connect({ dialect });
      client.sendBinary('{"type":"ping"}');
      assert.equal(await client.closeCode(), 1003);
    }),
    check(
      '2.1 2.5 8',
      `a frame that is no JSON object is refused as bad-frame (${dialect})`,
      async (world) => {
        const client = await world.connect({ dialect });
        for (const frame of badFrames) {
          client.send(frame);
          const code = await faultOf(client);
          // A type of a wrong kind may count as unknown as well as wrong.
          if (frame !== '{"type":7}' || code !== 'unknown-type') assert.equal(code, 'bad-frame', frame);
        }
        await client.quiet();
      },
    ),
    check(
      '2.4 6',
      `a ${dialect} client that talks but does not register is closed with 4006`,
      async (world) => {
        const client = await world.connect({ dialect });
        const traffic = setInterval(() => client.send({ type: 'ping' }), 200);
        try {
          assert.equal(await client.closeCode(), 4006);
        } finally {
          clearInterval(traffic);
        }
      },
    ),
    check('2.5 8', `an unknown type is refused and the ${dialect} connection stays`, async (world) => {
      const client = await world.connect({ dialect });
      for (const type of ['no-such-type', '__proto__', 'constructor', 'toString']) {
        client.send({ type });
        assert.equal(await faultOf(client), 'unknown-type', type);
      }
      await client.quiet();
    }),
    check('2.7', `permessage-deflate is offered and not taken (${dialect})`, async (world) => {
      const client = await world.connect({ dialect });
      assert.equal(client.extensions, '');
    }),
  ]),
  check('2.2', 'no subprotocol is answered with none', async (world) => {
    const client = await world.connect({ dialect: 'plain' });
    assert.equal(client.protocol, '');
  }),
  check('2.2', 'parley.v1 is chosen at any place in the offer', async (world) => {
    for (const protocols of [['parley.v1'], ['chat', 'parley.v1'], ['parley.v1', 'parley.v9']]) {
      const client = await world.connect({ dialect: 'v1', protocols });
      assert.equal(client.protocol, 'parley.v1');
    }
  }),
  check('2.2', 'an offer of other subprotocols only is refused with 400', async (world) => {
    for (const protocols of [['chat'], ['parley'], ['parley.v10'], ['PARLEY.V1', 'x']]) {
      await assert.rejects(world.connect({ dialect: 'v1', protocols }), /HTTP 400/, protocols.join());
    }
  }),
  check('2.3', 'every name of the pattern can be registered, in both dialects', async (world) => {
    for (const name of goodNames) {
      const plain = await world.connect({ dialect: 'plain' });
      plain.send({ type: 'register', name });
      await plain.quiet();
      await plain.close();
      const agent = await world.connect({ dialect: 'v1' });
      agent.send({ type: 'register', name });
      assert.equal((await agent.next('welcome')).name, name);
      await agent.close();
    }
  }),
  check('2.3 3.3 6', 'any other name is refused, and the connection ends with 4003', async (world) => {
    for (const name of badNames) {
      const plain = await world.connect({ dialect: 'plain' });
      plain.send({ type: 'register', name });
      assert.equal(await faultOf(plain), 'name-refused', name);
      assert.equal(await plain.closeCode(), 4003, name);
      const agent = await world.connect({ dialect: 'v1' });
      agent.send({ type: 'register', name });
      assert.equal((await agent.next('refused')).code, 'name-refused', name);
      assert.equal(await agent.closeCode(), 4003, name);
    }
  }),
  check('2.3', 'composed and decomposed letters are one name', async (world) => {
    const agent = await world.connect({ dialect: 'v1' });
    agent.send({ type: 'register', name: world.name('Jose\u0301') });
    assert.equal((await agent.next('welcome')).name, world.name('Jos\u00e9'));
  }),
  check('2.5', 'fields that the router does not know are ignored', async (world) => {
    const name = world.name('extra');
    const client = await world.connect({ dialect: 'v1' });
    client.send({ type: 'register', name, mood: 'sunny', constructor: { name: 1 } });
    assert.equal((await client.next('welcome')).name, name);
    const bob = await world.plain('bob');
    const alice = await world.plain('alice');
    alice.send({ target: world.name('bob'), text: 'hi', mood: 'sunny', seq: 'seven', from: 'mallory' });
    assert.equal((await bob.next('message')).from, world.name('alice'));
  }),
  check('2.5', 'a wrong field is refused and the connection stays', async (world) => {
    const client = await world.agent('fields');
    for (const frame of [{ members: 'bob' }, { members: [7] }, { members: ['bob'], ref: 7 }, { ref: 'r' }]) {
      client.send({ type: 'open', ref: 'r', ...frame, ...('members' in frame ? {} : { members: [] }) });
      assert.equal((await client.next('refused')).code, 'bad-frame', JSON.stringify(frame));
    }
    await client.quiet();
  }),
  check('2.6', 'the router pings, and a peer that answers stays', async (world) => {
    const client = await world.plain('alive');
    for (let pings = 0; pings < 3; pings++) await client.pinged();
    await client.quiet();
  }),
  check('2.6 6', 'a peer that answers no ping is cut off with 4201', async (world) => {
    const client = await world.connect({ dialect: 'plain', pongs: false });
    client.send({ type: 'register', name: world.name('mute') });
    assert.equal(await client.closeCode(), 4201);
  }),
  check('2.8', 'an acknowledged or delivered message is already in the ledger', async (world) => {
    const alice = await world.agent('alice');
    const bob = await world.plain('bob');
    const conversation = await world.open(alice, ['bob']);
    await alice.next('turn');
    alice.send({ type: 'say', conversation, turn: 1, text: 'kept?' });
    const { seq } = await alice.next('accepted');
    assert.equal((await world.entries(conversation)).at(-1)?.seq, seq);
    assert.equal((await bob.next('message')).seq, seq);
  }),
  check('2.9', 'connections of one parley.v1 name are replicas', async (world) => {
    const [one, two] = [await world.agent('twin'), await world.agent('twin')];
    await Promise.all([one.quiet(), two.quiet()]);
  }),
  check('2.9 6 8', 'a name belongs to one dialect at a time', async (world) => {
    const name = world.name('taken');
    const plain = await world.plain('taken');
    await plain.quiet();
    const agent = await world.connect({ dialect: 'v1' });
    agent.send({ type: 'register', name });
    assert.equal((await agent.next('refused')).code, 'name-refused');
    assert.equal(await agent.closeCode(), 4003);
    await plain.quiet();
    await plain.close();

    await world.agent('taken');
    const late = await world.plain('taken');
    assert.equal((await late.next('error')).code, 'name-refused');
    assert.equal(await late.closeCode(), 4003);
  }),
  check(
    '2.9 6',
    'a plain name is taken over by its newest connection; the older ends with 4010',
    async (world) => {
      const older = await world.plain('bob');
      await older.quiet();
      const newer = await world.plain('bob');
      assert.equal(await older.closeCode(), 4010);
      const alice = await world.plain('alice');
      alice.send({ target: world.name('bob'), text: 'to the newer' });
      assert.equal((await newer.next('message')).text, 'to the newer');
    },
  ),
];
