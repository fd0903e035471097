import assert from 'node:assert/strict';
import { check, distinctLine } from '../check.ts';
import { type Client, firstOf, type Received } from '../client.ts';
import type { World } from '../world.ts';

const entriesOf = (turn: Received): Received[] => turn.entries as Received[];
const say = (client: Client, { conversation, turn }: Received, text: string, more: object = {}) =>
  client.send({ type: 'say', conversation, turn, text, ...more });

const cast = (world: World, ...words: string[]) => Promise.all(words.map((word) => world.agent(word)));

const entering = (client: Client, conversation: string, more: object = {}) =>
  client.send({ type: 'join', conversation, ...more });

let games = 0;
/** Plays a conversation of two that play no other, and returns how it ended. */
const played = async (world: World, open: object, lines: readonly (readonly [string, object?])[]) => {
  games++;
  const [alice, bob] = (await cast(world, `a${games}`, `b${games}`)) as [Client, Client];
  const conversation = await world.open(alice, [`b${games}`], open);
  for (const [index, [text, more]] of lines.entries()) {
    const speaker = index % 2 === 0 ? alice : bob;
    say(speaker, await speaker.next('turn'), text, more);
    await speaker.next('accepted');
  }
  const last = (await world.entries(conversation)).at(-1) as Received;
  return last.type === 'ended' ? last.reason : 'running';
};

export const conversationChecks = [
  check('4.2', 'an opening is the first line, said at once', async (world) => {
    const [alice, bob] = (await cast(world, 'alice', 'bob')) as [Client, Client];
    await world.open(alice, ['bob'], { opening: 'once upon a time' });
    const said = entriesOf(await bob.next('turn')).at(-1);
    assert.deepEqual([said?.type, said?.from, said?.text], ['said', world.name('alice'), 'once upon a time']);
  }),
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
  check('4.7', 'bids stand in the order of the floor, and are accepted when they stand', async (world) => {
    const clients = (await cast(world, 'alice', 'bob', 'carol', 'dave')) as [Client, Client, Client, Client];
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
  }),
  check('4.11', 'what bids, passes and failures cost counts', async (world) => {
    const usage = { inputTokens: 30, outputTokens: 30 };
    for (const [policy, answer, type] of [
      ['volunteer', { type: 'bid', score: 1 }, 'bid'],
      ['round-robin', { type: 'pass', reason: 'declined' }, 'passed'],
      ['round-robin', { type: 'pass', reason: 'empty-reply' }, 'lapsed'],
    ] as const) {
      const [alice, bob] = (await cast(world, `a-${type}`, `b-${type}`)) as [Client, Client];
      const about = { policy, limits: { maxTokens: 50 } };
      const conversation = await world.open(alice, [`b-${type}`], about);
      say(alice, await alice.next('turn'), 'what does that cost?');
      bob.send({ ...answer, conversation, turn: (await bob.next('turn')).turn, usage });
      assert.equal((await alice.next('ended')).reason, 'token-budget');
      const counted = (await world.entries(conversation)).at(-2);
      assert.deepEqual([counted?.type, counted?.usage], [type, usage]);
    }
  }),
  check('4.7 10.1', 'volunteer: when nobody bids it ends agreed', async (world) => {
    const [alice, bob] = (await cast(world, 'alice', 'bob')) as [Client, Client];
    const conversation = await world.open(alice, ['bob'], { policy: 'volunteer' });
    say(alice, await alice.next('turn'), 'anybody?');
    bob.send({ type: 'bid', conversation, turn: (await bob.next('turn')).turn, score: 0 });
    assert.equal((await alice.next('ended')).reason, 'agreed');
  }),
  check('4.8 10.3', 'an aside is heard by those it is for, and by nobody else', async (world) => {
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
  check(
    '4.8 10.4',
    'votes of all members in a row end it agreed; a line without one clears them',
    async (world) => {
      const done = { done: true };
      assert.equal(
        await played(world, {}, [
          ['a', done],
          ['b', done],
        ]),
        'agreed',
      );
      assert.equal(await played(world, {}, [['a', done], ['b'], ['c', done]]), 'running');
      assert.equal(await played(world, { limits: { quorum: 1 } }, [['a', done]]), 'agreed');
      assert.equal(
        await played(world, { limits: { minTurns: 3 } }, [
          ['a', done],
          ['b', done],
        ]),
        'running',
      );
    },
  ),
  check('10.4', 'when every member passes in a row it ends agreed', async (world) => {
    const [alice, bob] = (await cast(world, 'alice', 'bob')) as [Client, Client];
    const conversation = await world.open(alice, ['bob'], { policy: 'round-robin' });
    for (const client of [alice, bob]) {
      const { turn } = await client.next('turn');
      client.send({ type: 'pass', conversation, turn, reason: 'nothing-to-say' });
    }
    assert.equal((await alice.next('ended')).reason, 'agreed');
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
  check('4.6 10.3', 'a member that has left hears nothing more', async (world) => {
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
  check('10.3', 'what a failed member says of its failure is for that member', async (world) => {
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
  check('4.10 9', 'who joins without history hears only what comes then', async (world) => {
    const [alice, , carol] = (await cast(world, 'alice', 'bob', 'carol')) as [Client, Client, Client];
    const conversation = await world.open(alice, ['bob']);
    say(alice, await alice.next('turn'), 'between us');
    await alice.next('accepted');
    entering(carol, conversation, { history: false });
    await carol.next('accepted');
    alice.send({ type: 'say', conversation, text: 'hello Carol', target: world.name('carol') });
    const said = entriesOf(await carol.next('turn')).filter(({ type }) => type === 'said');
    assert.deepEqual(
      said.map(({ text }) => text),
      ['hello Carol'],
    );
  }),
  check('4.10 9', 'when one is left alone the conversation ends agent-left', async (world) => {
    const [alice, bob, carol] = (await cast(world, 'alice', 'bob', 'carol')) as [Client, Client, Client];
    const conversation = await world.open(alice, ['bob']);
    await alice.next('turn');
    entering(carol, conversation);
    await carol.next('accepted');
    carol.send({ type: 'leave', conversation });
    await carol.next('accepted');
    bob.send({ type: 'leave', conversation });
    assert.equal((await alice.next('ended')).reason, 'agent-left');
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
  check('10.1', 'mention: whoever a line names has the floor', async (world) => {
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
  check('10.1', 'open: a line may address nobody', async (world) => {
    const [alice] = (await cast(world, 'alice', 'bob', 'carol')) as [Client];
    await world.open(alice, ['bob', 'carol'], { policy: 'open' });
    say(alice, await alice.next('turn'), 'just saying');
    assert.equal((await alice.next('accepted')).seq, 2);
  }),
  check('10.2', 'each limit ends a conversation with its own reason', async (world) => {
    const usage = { usage: { inputTokens: 60, outputTokens: 50 } };
    assert.equal(await played(world, { limits: { maxTurns: 2 } }, [['a'], ['b']]), 'max-turns');
    assert.equal(await played(world, { limits: { maxTokens: 100 } }, [['a', usage]]), 'token-budget');
    assert.equal(await played(world, { limits: { maxTokensPerAgent: 100 } }, [['a', usage]]), 'token-budget');
    const [alice] = (await cast(world, 'alice')) as [Client];
    await world.open(alice, ['nobody'], { limits: { maxDurationMs: 300 } });
    assert.equal((await alice.next('ended')).reason, 'max-duration');
  }),
  check('10.5', 'a stop phrase counts on a line of its own', async (world) => {
    const limits = { limits: { stopPhrases: ['The end'] } };
    assert.equal(await played(world, limits, [['well\n*THE END.*']]), 'stop-phrase');
    assert.equal(await played(world, limits, [['this is not the end of it']]), 'running');
    const stop = { ...limits.limits, stopSpeakers: [world.name('somebody-else')] };
    assert.equal(await played(world, { limits: stop }, [['the end']]), 'running');
  }),
  check('10.6 9', 'lines that repeat bring a private nudge, then the end', async (world) => {
    const again = 'the very same words once more, as if nothing had been said';
    const lines = Array.from({ length: 5 }, () => [again] as const);
    assert.equal(await played(world, { limits: { maxRepetition: 0.8 } }, lines.slice(0, 4)), 'running');
    assert.equal(await played(world, { limits: { maxRepetition: 0.8 } }, lines), 'repetition');
  }),
  check('10.6', 'goodbyes that do not stop are stopped', async (world) => {
    const goodbyes = ['Goodbye!', 'Bye, take care', 'Farewell, Alice', 'See you, Bob'].map(
      (text) => [text] as const,
    );
    assert.equal(await played(world, { limits: { farewells: true } }, goodbyes), 'farewell-loop');
    assert.equal(await played(world, {}, goodbyes), 'running');
  }),
];
