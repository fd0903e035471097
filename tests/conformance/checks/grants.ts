import assert from 'node:assert/strict';
import { check, distinctLine } from '../check.ts';
import { type Client, firstOf, type Received } from '../client.ts';

const entriesOf = (turn: Received): Received[] => turn.entries as Received[];
const seqsOf = (turn: Received) => entriesOf(turn).map(({ seq }) => seq);

const grant = (client: Client): Promise<Received> => client.next('turn');
const answer = (client: Client, { conversation, turn }: Received, text: string) =>
  client.send({ type: 'say', conversation, turn, text });

export const grantChecks = [
  check(
    '5.1',
    'the first grant starts with opened, and later ones have only new entries, own messages included',
    async (world) => {
      const [alice, bob] = [await world.agent('alice'), await world.agent('bob')];
      await world.open(alice, ['bob']);
      const first = await grant(alice);
      assert.deepEqual([seqsOf(first), first.attempt], [[1], 1]);
      answer(alice, first, 'one');
      const second = await grant(bob);
      assert.deepEqual(seqsOf(second), [1, 2]);
      answer(bob, second, 'two');
      const third = await grant(alice);
      assert.deepEqual(seqsOf(third), [2, 3]);
      assert.ok(Number(third.deadlineMs) > 0);
    },
  ),
  check(
    '4.13 8',
    'a trace context of another form is refused, and one that names no span is ignored',
    async (world) => {
      const [alice, bob] = [await world.agent('alice'), await world.agent('bob')];
      await world.open(alice, ['bob']);
      const { conversation, turn } = await grant(alice);
      const say = { type: 'say', conversation, turn, text: 'one' };
      alice.send({ ...say, trace: '00-4bf92f3577b34da6' });
      assert.equal((await alice.next('refused')).code, 'bad-frame');
      alice.send({ ...say, trace: `00-${'0'.repeat(32)}-${'0'.repeat(16)}-01` });
      await alice.next('accepted');
      assert.equal((await grant(bob)).turn, 2);
    },
  ),
  check('5.1', 'remaining has what is left of the limits', async (world) => {
    const [alice, bob] = [await world.agent('alice'), await world.agent('bob')];
    await world.open(alice, ['bob'], { limits: { maxTurns: 5, maxDurationMs: 60_000, maxOutputTokens: 99 } });
    const first = await grant(alice);
    const left = first.remaining as { turns: number; ms: number };
    assert.equal(left.turns, 5);
    assert.ok(left.ms > 0 && left.ms <= 60_000);
    assert.equal(first.maxOutputTokens, 99);
    answer(alice, first, 'one');
    assert.equal(((await grant(bob)).remaining as { turns: number }).turns, 4);
  }),
  check('5.1', 'a replica that was replaced starts again from opened', async (world) => {
    const [alice, bob] = [await world.agent('alice'), await world.agent('bob')];
    await world.open(alice, ['bob']);
    answer(alice, await grant(alice), 'one');
    await bob.next('turn');
    await bob.vanish();
    const back = await grant(await world.agent('bob'));
    assert.deepEqual([back.turn, back.attempt], [2, 2]);
    assert.deepEqual(
      entriesOf(back).map(({ type }) => type),
      ['opened', 'said', 'lapsed'],
    );
  }),
  check(
    '5.1',
    'a long history is cut to its beginning and its newest entries, and says so',
    async (world) => {
      const alice = await world.agent('alice');
      const conversation = await world.open(alice, ['bob'], { limits: { maxTurns: 0 } });
      await grant(alice);
      for (let line = 0; line < 24; line++) {
        const text = `${distinctLine(line)} `.padEnd(32_000, String.fromCharCode(97 + line));
        alice.send({ type: 'say', conversation, text, target: world.name('bob') });
        await alice.next('accepted');
      }
      const granted = await grant(await world.agent('bob'));
      const seqs = seqsOf(granted) as number[];
      const newest = seqs.slice(2);
      assert.deepEqual(seqs.slice(0, 2), [1, 2]);
      assert.equal(seqs.at(-1), 25);
      assert.ok((newest[0] as number) > 3, 'nothing was left out');
      assert.deepEqual(
        newest,
        newest.map((_, index) => (newest[0] as number) + index),
      );
      assert.deepEqual(granted.omitted, {
        since: 2,
        through: (newest[0] as number) - 1,
        members: [world.name('alice'), world.name('bob')],
      });
    },
  ),
  check(
    '5.1 4.3',
    'a turn past its deadline is granted to another replica, and the first valid answer wins',
    async (world) => {
      const [one, two] = [await world.agent('alice'), await world.agent('alice')];
      const conversation = await world.open(one, ['bob'], {
        limits: { turnDeadlineMs: 150, maxAttempts: 1_000 },
      });
      const [first] = await firstOf(one, two);
      const second = first === one ? two : one;
      const again = await grant(second);
      assert.deepEqual([again.turn, again.attempt], [1, 2]);
      answer(second, again, 'from the second');
      const accepted = await second.find(({ type }) => type === 'accepted');
      answer(first, again, 'from the first');
      const repeated = await first.find(({ type }) => type === 'accepted');
      assert.equal(repeated.seq, accepted.seq);
      const said = (await world.entries(conversation)).filter(({ type }) => type === 'said');
      assert.deepEqual(
        said.map(({ text }) => text),
        ['from the second'],
      );
    },
  ),
  check('5.1', 'a turn whose connection is gone is granted to another replica', async (world) => {
    const [one, two] = [await world.agent('bob'), await world.agent('bob')];
    const alice = await world.agent('alice');
    await world.open(alice, ['bob'], { first: world.name('bob') });
    const [held] = await firstOf(one, two);
    await held.vanish();
    const again = await grant(held === one ? two : one);
    assert.deepEqual([again.turn, again.attempt], [1, 2]);
  }),
  check('5.2', 'a turn waits for its member and is granted when the member connects', async (world) => {
    const alice = await world.agent('alice');
    await world.open(alice, ['bob']);
    answer(alice, await grant(alice), 'are you there?');
    await alice.next('accepted');
    await alice.quiet();
    assert.equal((await grant(await world.agent('bob'))).turn, 2);
  }),
  check('5.2', 'replicas with fewer turns under way are taken first', async (world) => {
    const [one, two] = [await world.agent('bob', { capacity: 4 }), await world.agent('bob', { capacity: 4 })];
    const alice = await world.agent('alice');
    for (let count = 0; count < 4; count++) {
      await world.open(alice, ['bob'], { first: world.name('bob'), topic: `${count}` });
    }
    for (const replica of [one, two]) {
      await replica.next('turn');
      await replica.next('turn');
      await replica.quiet();
    }
  }),
  check(
    '4.3 5.4',
    'an answer to a turn that waits for its pace is refused, and the turn is granted later',
    async (world) => {
      const alice = await world.agent('alice');
      const conversation = await world.open(alice, ['bob'], {
        policy: 'round-robin',
        limits: { paceMs: 500 },
      });
      alice.send({ type: 'say', conversation, turn: 1, text: 'too early' });
      assert.equal((await alice.next('refused')).code, 'not-your-turn');
      const granted = await grant(alice);
      assert.deepEqual([granted.turn, seqsOf(granted)], [1, [1]]);
      answer(alice, granted, 'in time');
      await alice.next('accepted');
    },
  ),
  check('5.2', 'a conversation stays with the replica that holds its history', async (world) => {
    const [one, two] = [await world.agent('bob'), await world.agent('bob')];
    const alice = await world.agent('alice');
    await world.open(alice, ['bob']);
    const holders = new Set<Client>();
    for (let line = 0; line < 4; line++) {
      answer(alice, await grant(alice), distinctLine(2 * line));
      const [holder, turn] = await firstOf(one, two);
      holders.add(holder);
      answer(holder, turn, distinctLine(2 * line + 1));
      await holder.next('accepted');
    }
    assert.equal(holders.size, 1);
  }),
  check(
    '5.2',
    'no turn is granted after an ending, and each replica that had a turn or opened the conversation is sent ended once',
    async (world) => {
      const [alice, bob, carol] = [
        await world.agent('alice'),
        await world.agent('bob'),
        await world.agent('carol'),
      ];
      const conversation = await world.open(alice, ['bob', 'carol'], {
        first: world.name('bob'),
        limits: { maxTurns: 1 },
      });
      answer(bob, await grant(bob), 'the only line');
      for (const client of [alice, bob]) {
        const ended = await client.find(({ type }) => type === 'ended');
        assert.deepEqual([ended.conversation, ended.reason], [conversation, 'max-turns']);
      }
      await bob.next('accepted');
      for (const client of [alice, bob, carol]) await client.quiet();
    },
  ),
];
