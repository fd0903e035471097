import assert from 'node:assert/strict';
import { RawPeer, wsFrame } from '../../harness/raw-peer.ts';
import { check, distinctLine } from '../check.ts';
import type { Client, Received } from '../client.ts';
import type { World } from '../world.ts';

const placeOf = ({ conversation, seq, text }: Received) => ({ conversation, seq, text });

/** Alice says so many lines to Bob. */
const write = async (world: World, alice: Client, lines: number, from = 0) => {
  for (let line = from; line < from + lines; line++) {
    alice.send({ target: world.name('bob'), text: distinctLine(line) });
  }
  await alice.quiet();
};

const take = async (client: Client, count: number): Promise<Received[]> => {
  const messages: Received[] = [];
  while (messages.length < count) messages.push(await client.next('message'));
  return messages;
};

const inOrder = (messages: readonly Received[], from = 0) =>
  assert.deepEqual(
    messages.map(({ text }) => text),
    messages.map((_, index) => distinctLine(from + index)),
  );

export const deliveryChecks = [
  check('3.5', 'messages to a name that never registered wait, and are delivered in order', async (world) => {
    const alice = await world.plain('alice');
    await write(world, alice, 12);
    inOrder(await take(await world.plain('bob'), 12));
  }),
  check(
    '3.5 3.6',
    'messages to a disconnected client wait for it, and delivered ones are not sent again',
    async (world) => {
      const [alice, bob] = [await world.plain('alice'), await world.plain('bob')];
      await write(world, alice, 3);
      await take(bob, 3);
      await bob.close();
      await write(world, alice, 3, 3);
      const back = await world.plain('bob');
      inOrder(await take(back, 3), 3);
      await back.quiet();
    },
  ),
  check(
    '3.6',
    'messages that a broken connection had not confirmed are sent again with the same seq',
    async (world) => {
      const alice = await world.plain('alice');
      const bob = await world.plain('bob', { pongs: false });
      await write(world, alice, 3);
      const lost = await take(bob, 3);
      await bob.vanish();
      await write(world, alice, 1, 3);
      const back = await world.plain('bob');
      const again = await take(back, 4);
      assert.deepEqual(again.slice(0, 3).map(placeOf), lost.map(placeOf));
      inOrder(again);
      await back.quiet();
    },
  ),
  check(
    '3.6',
    'messages before an answered ping are not sent again after a broken connection',
    async (world) => {
      const [alice, bob] = [await world.plain('alice'), await world.plain('bob')];
      await write(world, alice, 3);
      await take(bob, 3);
      // The heartbeat's ping may have been under way before; the one after it was not.
      await bob.pinged();
      await bob.pinged();
      await bob.quiet();
      await bob.vanish();
      await (await world.plain('bob')).quiet();
    },
  ),
  check(
    '2.9 3.6',
    'a connection that takes a name over gets the messages that the older one had not confirmed',
    async (world) => {
      const alice = await world.plain('alice');
      const older = await world.plain('bob', { pongs: false });
      await write(world, alice, 2);
      await take(older, 2);
      inOrder(await take(await world.plain('bob'), 2));
    },
  ),
  check('3.5', 'a message to a client that is closing its connection is not lost', async (world) => {
    const alice = await world.plain('alice');
    const bob = await RawPeer.webSocketAt(world.subject.url);
    const name = world.name('bob');
    bob.write(wsFrame(JSON.stringify({ type: 'register', name, token: world.subject.token })));
    bob.write(wsFrame(Buffer.from([0x03, 0xe8]), { opcode: 8 }));
    await bob.until('the close is answered', () => bob.closeCode === 1000);
    await write(world, alice, 2);
    const reader = await world.agent('reader');
    bob.socket.end();
    await bob.over();
    await reader.close();
    const back = await world.plain('bob');
    inOrder(await take(back, 2));
  }),
  check('3.6', 'messages of several senders are delivered in the order of the ledger', async (world) => {
    const bob = await world.plain('bob');
    const senders = await Promise.all(['s1', 's2', 's3'].map((word) => world.plain(word)));
    for (let line = 0; line < 10; line++) {
      for (const [index, sender] of senders.entries()) {
        sender.send({ target: world.name('bob'), text: distinctLine(line * 3 + index) });
      }
    }
    const last = new Map<unknown, number>();
    for (const { conversation, seq } of await take(bob, 30)) {
      assert.ok(Number(seq) > (last.get(conversation) ?? 0));
      last.set(conversation, Number(seq));
    }
    await bob.quiet();
  }),
];
