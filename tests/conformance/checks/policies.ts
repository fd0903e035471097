import assert from 'node:assert/strict';
import { cast, say } from '../acts.ts';
import { check, distinctLine } from '../check.ts';
import { type Client, firstOf } from '../client.ts';

export const policyChecks = [
  check('4.7 10.1', 'volunteer: the others bid, and the highest bid has the floor', async (world) => {
    const [alice, bob, carol] = (await cast(world, 'alice', 'bob', 'carol')) as [Client, Client, Client];
    const conversation = await world.open(alice, ['bob', 'carol'], { policy: 'volunteer' });
    say(alice, await alice.next('turn'), 'who knows?');
    for (const [client, score] of [
      [bob, 20],
      [carol, 80],
    ] as const) {
      const asked = await client.next('turn');
      assert.equal(asked.wanted, 'bid');
      client.send({ type: 'bid', conversation, turn: asked.turn, score });
    }
    const won = await carol.next('turn');
    assert.notEqual(won.wanted, 'bid');
    say(carol, won, 'I do');
    assert.equal((await carol.next('accepted')).turn !== undefined, true);
  }),
  check(
    '4.7',
    'bids are written in the order of the floor, and are accepted when they are written',
    async (world) => {
      const clients = (await cast(world, 'alice', 'bob', 'carol', 'dave')) as [
        Client,
        Client,
        Client,
        Client,
      ];
      const [alice, bob, carol, dave] = clients;
      const conversation = await world.open(alice, ['bob', 'carol', 'dave'], { policy: 'volunteer' });
      say(alice, await alice.next('turn'), 'who is quick?');
      const place = async (client: Client) => ({ conversation, turn: (await client.next('turn')).turn });
      dave.send({ type: 'bid', ...(await place(dave)), score: 10 });
      carol.send({ type: 'pass', ...(await place(carol)), reason: 'nothing-to-say' });
      await Promise.all([carol.quiet(), dave.quiet()]);
      bob.send({ type: 'bid', ...(await place(bob)), score: 5 });
      const accepted = await Promise.all([bob, carol, dave].map((client) => client.next('accepted')));
      assert.deepEqual(
        accepted.map(({ seq }) => seq),
        [3, 4, 5],
      );
      const bids = (await world.entries(conversation)).filter(({ type }) => type === 'bid');
      assert.deepEqual(
        bids.map(({ from, score }) => [from, score]),
        [
          [world.name('bob'), 5],
          [world.name('carol'), 0],
          [world.name('dave'), 10],
        ],
      );
    },
  ),
  check('4.7 10.1', 'volunteer: when all bids are 0 the conversation ends agreed', async (world) => {
    const [alice, bob] = (await cast(world, 'alice', 'bob')) as [Client, Client];
    const conversation = await world.open(alice, ['bob'], { policy: 'volunteer' });
    say(alice, await alice.next('turn'), 'any bids?');
    bob.send({ type: 'bid', conversation, turn: (await bob.next('turn')).turn, score: 0 });
    assert.equal((await alice.next('ended')).reason, 'agreed');
  }),
  check('10.1', 'round-robin goes round in the order of the members', async (world) => {
    const clients = await cast(world, 'alice', 'bob', 'carol');
    await world.open(clients[0] as Client, ['bob', 'carol'], { policy: 'round-robin' });
    for (let line = 0; line < 7; line++) {
      const speaker = clients[line % 3] as Client;
      say(speaker, await speaker.next('turn'), distinctLine(line));
      await speaker.next('accepted');
    }
  }),
  check('10.1', 'mention: the members that a message names have the floor', async (world) => {
    const [alice, , carol] = (await cast(world, 'alice', 'bob', 'carol')) as [Client, Client, Client];
    await world.open(alice, ['bob', 'carol'], { policy: 'mention' });
    say(alice, await alice.next('turn'), `what do you say, @${world.name('carol')}?`);
    assert.equal((await carol.next('turn')).turn, 2);
  }),
  check(
    '10.1',
    'moderator: its target speaks, then the moderator again, and its done closes',
    async (world) => {
      const [alice, bob] = (await cast(world, 'alice', 'bob')) as [Client, Client];
      await world.open(alice, ['bob'], { policy: 'moderator', moderator: world.name('alice') });
      say(alice, await alice.next('turn'), 'please, Bob', { target: world.name('bob') });
      say(bob, await bob.next('turn'), 'thanks');
      say(alice, await alice.next('turn'), 'closed', { done: true, target: world.name('bob') });
      assert.equal((await alice.next('ended')).reason, 'agreed');
    },
  ),
  check('10.1', 'random: the same seed draws the same, and never the last speaker', async (world) => {
    const clients = await cast(world, 'xaver', 'yoko', 'zoe');
    const drawn: number[][] = [];
    for (let round = 0; round < 2; round++) {
      const order: number[] = [];
      await world.open(clients[0] as Client, ['yoko', 'zoe'], {
        policy: 'random',
        seed: 7,
        limits: { maxTurns: 8 },
      });
      while (order.length < 8) {
        const [granted, turn] = await firstOf(...clients);
        if (turn.type !== 'turn') continue;
        say(granted, turn, distinctLine(order.length));
        await granted.next('accepted');
        order.push(clients.indexOf(granted));
      }
      assert.ok(order.every((one, index) => one !== order[index - 1]));
      drawn.push(order);
    }
    assert.deepEqual(drawn[0], drawn[1]);
  }),
  check('10.1', 'open: a message may have no addressee', async (world) => {
    const [alice] = (await cast(world, 'alice', 'bob', 'carol')) as [Client];
    await world.open(alice, ['bob', 'carol'], { policy: 'open' });
    say(alice, await alice.next('turn'), 'just saying');
    assert.equal((await alice.next('accepted')).seq, 2);
  }),
];
