import assert from 'node:assert/strict';
import { restarting } from '../check.ts';
import type { Received } from '../client.ts';

export const restartChecks = [
  restarting(
    '2.8 3.5 3.6',
    'after a crash, what was acknowledged is there and what waited is delivered',
    async (world) => {
      const alice = await world.agent('alice');
      const pia = await world.plain('pia');
      const conversation = await world.open(alice, ['bob']);
      await alice.next('turn');
      alice.send({ type: 'say', conversation, turn: 1, text: 'kept' });
      await alice.next('accepted');
      pia.send({ target: world.name('rosa'), text: 'waits for you' });
      await pia.quiet();
      await world.agent('witness').then((witness) => witness.quiet());
      await world.control.kill();
      await world.control.start();
      const entries = await world.entries(conversation);
      assert.deepEqual(
        entries.map(({ type }) => type),
        ['opened', 'said'],
      );
      assert.equal((await (await world.agent('bob')).next('turn')).turn, 2);
      assert.equal((await (await world.plain('rosa')).next('message')).text, 'waits for you');
      const again = await world.agent('alice');
      again.send({ type: 'say', conversation, turn: 1, text: 'kept' });
      assert.equal((await again.next('accepted')).seq, 2);
    },
  ),
  restarting(
    '4.1 5.1',
    'after a crash a replica that still works on its turn may finish it',
    async (world) => {
      const alice = await world.agent('alice');
      const conversation = await world.open(alice, ['bob']);
      await alice.next('turn');
      await world.control.kill();
      await world.control.start();
      const back = await world.agent('alice', { working: [{ conversation, turn: 1 }] });
      await back.quiet();
      back.send({ type: 'say', conversation, turn: 1, text: 'finished' });
      assert.equal((await back.next('accepted')).seq, 2);
    },
  ),
  restarting(
    '5.3 6',
    'a router that is stopped grants nothing more, takes answers, then closes with 4200',
    async (world) => {
      const [alice, bob, pia] = [
        await world.agent('alice'),
        await world.agent('bob'),
        await world.plain('pia'),
      ];
      const conversation = await world.open(alice, ['bob']);
      await alice.next('turn');
      const stopped = world.control.stop();
      assert.ok(Number((await alice.next('draining')).graceMs) > 0);
      await bob.next('draining');
      await assert.rejects(world.connect({ dialect: 'plain' }), /HTTP 503|ECONNREFUSED/);
      alice.send({ type: 'say', conversation, turn: 1, text: 'in time' });
      assert.equal((await alice.next('accepted')).seq, 2);
      for (const client of [alice, bob, pia]) assert.equal(await client.closeCode(), 4200);
      await assert.rejects(bob.next(), /closed with 4200/, 'bob was granted a turn by a router that leaves');
      await stopped;
      await world.control.start();
      const turn: Received = await (await world.agent('bob')).next('turn');
      assert.deepEqual([turn.turn, turn.attempt], [2, 1]);
    },
  ),
];
