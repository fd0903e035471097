import assert from 'node:assert/strict';
import { cast, join, say } from '../acts.ts';
import { check } from '../check.ts';
import type { Client, Received } from '../client.ts';
import type { World } from '../world.ts';

let games = 0;
/** Plays a conversation of two that play no other, and returns how it ended. */
const played = async (world: World, open: object, lines: readonly (readonly [string, object?])[]) => {
  // Kept: another check may begin a game meanwhile.
  const game = ++games;
  const [alice, bob] = (await cast(world, `a${game}`, `b${game}`)) as [Client, Client];
  const conversation = await world.open(alice, [`b${game}`], open);
  for (const [index, [text, more]] of lines.entries()) {
    const speaker = index % 2 === 0 ? alice : bob;
    say(speaker, await speaker.next('turn'), text, more);
    await speaker.next('accepted');
  }
  const last = (await world.entries(conversation)).at(-1) as Received;
  return last.type === 'ended' ? last.reason : 'running';
};

export const endingChecks = [
  check('4.11', 'the cost of bids, passes and failures counts', async (world) => {
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
  check(
    '4.8 10.4',
    'votes of all members in a row end the conversation with agreed, and a message without a vote clears them',
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
  check('10.4', 'passes of all members in a row end the conversation with agreed', async (world) => {
    const [alice, bob] = (await cast(world, 'alice', 'bob')) as [Client, Client];
    const conversation = await world.open(alice, ['bob'], { policy: 'round-robin' });
    for (const client of [alice, bob]) {
      const { turn } = await client.next('turn');
      client.send({ type: 'pass', conversation, turn, reason: 'nothing-to-say' });
    }
    assert.equal((await alice.next('ended')).reason, 'agreed');
  }),
  check('4.10 9', 'a conversation with one member left ends with agent-left', async (world) => {
    const [alice, bob, carol] = (await cast(world, 'alice', 'bob', 'carol')) as [Client, Client, Client];
    const conversation = await world.open(alice, ['bob']);
    await alice.next('turn');
    join(carol, conversation);
    await carol.next('accepted');
    carol.send({ type: 'leave', conversation });
    await carol.next('accepted');
    bob.send({ type: 'leave', conversation });
    assert.equal((await alice.next('ended')).reason, 'agent-left');
  }),
  check('10.2', 'each limit ends a conversation with its own reason', async (world) => {
    const usage = { usage: { inputTokens: 60, outputTokens: 50 } };
    assert.equal(await played(world, { limits: { maxTurns: 2 } }, [['a'], ['b']]), 'max-turns');
    assert.equal(await played(world, { limits: { maxTokens: 100 } }, [['a', usage]]), 'token-budget');
    assert.equal(await played(world, { limits: { maxTokensPerAgent: 100 } }, [['a', usage]]), 'token-budget');
    const [alice] = (await cast(world, 'alice')) as [Client];
    await world.open(alice, ['not-connected'], { limits: { maxDurationMs: 300 } });
    assert.equal((await alice.next('ended')).reason, 'max-duration');
  }),
  check('10.5', 'a stop phrase counts on a line of its own', async (world) => {
    const limits = { limits: { stopPhrases: ['The end'] } };
    assert.equal(await played(world, limits, [['well\n*THE END.*']]), 'stop-phrase');
    assert.equal(await played(world, limits, [['this is not the end of it']]), 'running');
    const stop = { ...limits.limits, stopSpeakers: [world.name('another')] };
    assert.equal(await played(world, { limits: stop }, [['the end']]), 'running');
  }),
  check(
    '10.6 9',
    'messages that repeat earlier ones cause a private nudge, then the ending',
    async (world) => {
      const again = 'the very same words once more, as if nothing had been said';
      const lines = Array.from({ length: 5 }, () => [again] as const);
      assert.equal(await played(world, { limits: { maxRepetition: 0.8 } }, lines.slice(0, 4)), 'running');
      assert.equal(await played(world, { limits: { maxRepetition: 0.8 } }, lines), 'repetition');
    },
  ),
  check('10.6', 'goodbyes in a row end the conversation', async (world) => {
    const goodbyes = ['Goodbye!', 'Bye, take care', 'Farewell, Alice', 'See you, Bob'].map(
      (text) => [text] as const,
    );
    assert.equal(await played(world, { limits: { farewells: true } }, goodbyes), 'farewell-loop');
    assert.equal(await played(world, {}, goodbyes), 'running');
  }),
];
