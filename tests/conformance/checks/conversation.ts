import assert from 'node:assert/strict';
import { cast, entriesOf, join, say } from '../acts.ts';
import { check } from '../check.ts';
import type { Client, Received } from '../client.ts';

export const conversationChecks = [
  check('4.2', 'an opening is the first message, and is said immediately', async (world) => {
    const [alice, bob] = (await cast(world, 'alice', 'bob')) as [Client, Client];
    await world.open(alice, ['bob'], { opening: 'once upon a time' });
    const said = entriesOf(await bob.next('turn')).at(-1);
    assert.deepEqual([said?.type, said?.from, said?.text], ['said', world.name('alice'), 'once upon a time']);
  }),
  check('4.8 10.3', 'a private message is visible only to its hearers', async (world) => {
    const [alice, bob, carol] = (await cast(world, 'alice', 'bob', 'carol')) as [Client, Client, Client];
    const conversation = await world.open(alice, ['bob', 'carol'], { policy: 'round-robin' });
    say(alice, await alice.next('turn'), 'psst', { to: [world.name('bob')] });
    const bobs = await bob.next('turn');
    assert.equal(entriesOf(bobs).at(-1)?.text, 'psst');
    say(bob, bobs, 'aloud');
    const carols = entriesOf(await carol.next('turn'));
    assert.deepEqual(
      carols.filter(({ type }) => type === 'said').map(({ text }) => text),
      ['aloud'],
    );
    carol.send({ type: 'history', conversation }, { type: 'history', conversation, since: 2 });
    const heard = [await carol.next('entry'), await carol.next('entry')].map(
      ({ entry }) => (entry as Received).seq,
    );
    assert.deepEqual(heard, [1, 3]);
  }),
  check('4.9 10.3 9', 'a summary is kept in the view of its member only', async (world) => {
    const [alice, bob] = (await cast(world, 'alice', 'bob')) as [Client, Client];
    const conversation = await world.open(alice, ['bob']);
    say(alice, await alice.next('turn'), 'a long story');
    const granted = await bob.next('turn');
    bob.send({ type: 'summary', conversation, through: 2, text: 'she told a story' });
    say(bob, granted, 'I see');
    const types = async (client: Client) => {
      client.send({ type: 'history', conversation }, { type: 'history', conversation });
      const all: Received[] = [];
      for (;;) {
        const entry = (await client.next('entry')).entry as Received;
        if (Number(entry.seq) <= Number(all.at(-1)?.seq ?? 0)) return all.map(({ type }) => type);
        all.push(entry);
      }
    };
    await alice.next('turn');
    assert.deepEqual(await types(bob), ['opened', 'said', 'summarised', 'said']);
    assert.deepEqual(await types(alice), ['opened', 'said', 'said']);
  }),
  check('4.6 10.3', 'a member that has left is sent no further entries', async (world) => {
    const [alice, , carol] = (await cast(world, 'alice', 'bob', 'carol')) as [Client, Client, Client];
    const conversation = await world.open(alice, ['bob', 'carol'], { policy: 'open' });
    carol.send({ type: 'history', conversation, follow: true });
    await carol.next('entry');
    carol.send({ type: 'leave', conversation });
    const { entry } = await carol.next('entry');
    assert.equal((entry as Received).type, 'left');
    alice.send({ type: 'say', conversation, text: 'now that Carol is gone', target: world.name('bob') });
    await alice.find(({ type, turn }) => type === 'accepted' && turn !== undefined);
    const after = await carol.next('accepted');
    assert.equal(after.conversation, conversation);
    await carol.quiet();
  }),
  check('10.3', 'the detail of a failure is visible only to the member that failed', async (world) => {
    const [alice, bob] = (await cast(world, 'alice', 'bob')) as [Client, Client];
    await world.open(alice, ['bob'], {
      first: world.name('bob'),
      policy: 'round-robin',
      limits: { maxAttempts: 1, onFailure: 'end' },
    });
    const { conversation, turn } = await bob.next('turn');
    bob.send({ type: 'pass', conversation, turn, reason: 'model-rejected', detail: 'the words of a server' });
    const told = async (client: Client) => (await client.find(({ type }) => type === 'ended')).detail;
    assert.match(String(await told(bob)), /the words of a server/);
    assert.equal(await told(alice), `${world.name('bob')}: model-rejected`);
  }),
  check('4.10 9', 'a member that joins without history sees only later messages', async (world) => {
    const [alice, , carol] = (await cast(world, 'alice', 'bob', 'carol')) as [Client, Client, Client];
    const conversation = await world.open(alice, ['bob']);
    say(alice, await alice.next('turn'), 'between us');
    await alice.next('accepted');
    join(carol, conversation, { history: false });
    await carol.next('accepted');
    alice.send({ type: 'say', conversation, text: 'hello Carol', target: world.name('carol') });
    const said = entriesOf(await carol.next('turn')).filter(({ type }) => type === 'said');
    assert.deepEqual(
      said.map(({ text }) => text),
      ['hello Carol'],
    );
  }),
];
