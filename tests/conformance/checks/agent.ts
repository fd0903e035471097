import assert from 'node:assert/strict';
import { check } from '../check.ts';
import type { Client, Received } from '../client.ts';
import type { World } from '../world.ts';

const entriesOf = (turn: Received): Received[] => turn.entries as Received[];
const typesOf = (entries: readonly Received[]) => entries.map(({ type }) => type);

/** A conversation of alice and bob in which alice has been granted turn 1. */
const opened = async (world: World, more: object = {}) => {
  const [alice, bob] = [await world.agent('alice'), await world.agent('bob')];
  const conversation = await world.open(alice, ['bob'], more);
  const turn = await alice.next('turn');
  assert.equal(turn.turn, 1);
  return { alice, bob, conversation };
};

const refusedWith = async (client: Client, code: string): Promise<Received> => {
  const refused = await client.next('refused');
  assert.equal(refused.code, code);
  return refused;
};

export const agentChecks = [
  check('4.1', 'welcome has the registered name and the limits', async (world) => {
    const client = await world.connect({ dialect: 'v1' });
    client.send({ type: 'register', name: world.name('alice') });
    const welcome = await client.next('welcome');
    assert.equal(welcome.name, world.name('alice'));
    assert.ok(
      Number(welcome.maxTextLength) > 0 && Number(welcome.maxFrameBytes) > Number(welcome.maxTextLength),
    );
  }),
  check(
    '4.1 8',
    'only register and ping are accepted before register, and register only once',
    async (world) => {
      const client = await world.connect({ dialect: 'v1' });
      client.send({ type: 'ping' }, { type: 'history', conversation: 'c1' });
      await refusedWith(client, 'not-registered');
      client.send({ type: 'register', name: world.name('alice') });
      await client.next('welcome');
      client.send({ type: 'register', name: world.name('alice') });
      await refusedWith(client, 'already-registered');
      await client.quiet();
    },
  ),
  check(
    '4.1 5.2',
    'a replica has at most its capacity of turns, and the next when it has answered',
    async (world) => {
      const alice = await world.agent('alice');
      const first = await world.open(alice, ['bob']);
      await alice.next('turn');
      const other = await world.open(alice, ['carol']);
      await alice.quiet();
      alice.send({ type: 'say', conversation: first, turn: 1, text: 'done' });
      const frames = [await alice.next(), await alice.next()];
      assert.deepEqual(new Set(frames.map(({ type }) => type)), new Set(['accepted', 'turn']));
      assert.equal(frames.find(({ type }) => type === 'turn')?.conversation, other);
      const busy = await world.agent('busy', { capacity: 2 });
      await world.open(busy, ['bob']);
      await busy.next('turn');
      await world.open(busy, ['carol']);
      await busy.next('turn');
    },
  ),
  check(
    '4.1 5.1',
    'a turn on which a replica still works is not granted again when the replica reconnects',
    async (world) => {
      const { alice, conversation } = await opened(world);
      await alice.vanish();
      const back = await world.agent('alice', { working: [{ conversation, turn: 1 }] });
      await back.quiet();
      back.send({ type: 'say', conversation, turn: 1, text: 'here it is' });
      assert.equal((await back.next('accepted')).turn, 1);
    },
  ),
  check('4.1', 'a replica gets no turn by claiming to work on one that it was not granted', async (world) => {
    const { alice, bob, conversation } = await opened(world);
    const thief = await world.agent('thief', {
      working: [
        { conversation, turn: 1 },
        { conversation: 'c0', turn: 1 },
      ],
    });
    await thief.quiet();
    thief.send({ type: 'say', conversation, turn: 1, text: 'mine now' });
    await refusedWith(thief, 'not-your-turn');
    alice.send({ type: 'say', conversation, turn: 1, text: 'no, mine' });
    await alice.next('accepted');
    await bob.next('turn');
  }),
  check(
    '4.2 9',
    'open is accepted with its ref and the seq of opened, and missing limits get their defaults',
    async (world) => {
      const alice = await world.agent('alice');
      const members = [world.name('bob'), world.name('alice')];
      alice.send({ type: 'open', ref: 'r1', members, topic: 'tides', limits: { maxTurns: 7 } });
      const accepted = await alice.next('accepted');
      assert.deepEqual([accepted.ref, accepted.seq], ['r1', 1]);
      const [entry] = entriesOf(await alice.next('turn'));
      assert.deepEqual(
        [entry?.type, entry?.seq, entry?.by, entry?.topic],
        ['opened', 1, world.name('alice'), 'tides'],
      );
      assert.deepEqual(new Set(entry?.members as string[]), new Set(members));
      assert.deepEqual(entry?.floor, [world.name('alice')]);
      const limits = entry?.limits as { maxTurns: number; maxDurationMs: number; turnDeadlineMs: number };
      assert.equal(limits.maxTurns, 7);
      assert.ok(Number.isInteger(limits.maxDurationMs) && limits.turnDeadlineMs >= 100);
    },
  ),
  check('4.2', 'first has the floor instead of the opener', async (world) => {
    const [alice, bob] = [await world.agent('alice'), await world.agent('bob')];
    await world.open(alice, ['bob'], { first: world.name('bob') });
    assert.equal((await bob.next('turn')).turn, 1);
    await alice.quiet();
  }),
  check('4.2 8', 'an invalid open is refused with its ref', async (world) => {
    const alice = await world.agent('alice');
    const bad = [
      { open: { members: [world.name('alice')] }, code: 'bad-target' },
      { open: { members: [world.name('bob')], first: world.name('carol') }, code: 'not-a-member' },
    ];
    for (const { open, code } of bad) {
      alice.send({ type: 'open', ref: 'mine', ...open });
      assert.equal((await refusedWith(alice, code)).ref, 'mine');
    }
    alice.send({ type: 'open', ref: 'mine', members: [world.name('bob')], policy: 'no-such-policy' });
    await refusedWith(alice, 'bad-frame');
    await alice.quiet();
  }),
  check(
    '4.2',
    'resume finds the running conversation of the same opener and members, and no other',
    async (world) => {
      const { alice, conversation } = await opened(world, { limits: { maxTurns: 1 } });
      const open = { type: 'open', ref: 'again', members: [world.name('bob')], resume: true };
      alice.send(open);
      const found = await alice.next('accepted');
      assert.equal(found.conversation, conversation);
      assert.equal(found.resumed, true);
      alice.send({ ...open, members: [world.name('carol')] });
      const other = await alice.next('accepted');
      assert.notEqual(other.conversation, conversation);
      assert.equal(other.resumed, undefined);
      alice.send({ ...open, resume: false });
      assert.notEqual((await alice.next('accepted')).conversation, conversation);
      alice.send({ type: 'say', conversation, turn: 1, text: 'the end' });
      await alice.find(({ type }) => type === 'ended');
      const carol = await world.agent('carol');
      carol.send({ ...open, members: [world.name('bob')] });
      assert.notEqual((await carol.next('accepted')).conversation, conversation);
    },
  ),
  check('4.3', 'an answer is accepted with its turn, seq and ref', async (world) => {
    const { alice, conversation } = await opened(world);
    alice.send({
      type: 'say',
      conversation,
      turn: 1,
      text: 'hi',
      ref: 'r',
      usage: { inputTokens: 3, outputTokens: 1 },
    });
    assert.deepEqual(await alice.next(), { type: 'accepted', ref: 'r', conversation, turn: 1, seq: 2 });
  }),
  check('4.3', 'a repeated answer gets the accepted of the first and adds nothing', async (world) => {
    const { alice, bob, conversation } = await opened(world);
    const say = { type: 'say', conversation, turn: 1, text: 'once' };
    alice.send(say, say, { ...say, text: 'another text' });
    for (let i = 0; i < 3; i++) assert.equal((await alice.next('accepted')).seq, 2);
    assert.equal((await world.entries(conversation)).length, 2);
    await bob.next('turn');
    const bobs = { type: 'say', conversation, turn: 2, text: 'bob says' };
    bob.send(bobs);
    await bob.next('accepted');
    await alice.next('turn');
    // Retried on another connection, after the conversation went on.
    const again = await world.agent('bob');
    again.send(bobs);
    assert.equal((await again.next('accepted')).seq, 3);
  }),
  check(
    '4.3 8',
    'an answer to a turn that is not open is stale, one to the turn of another member is not-your-turn',
    async (world) => {
      const { alice, bob, conversation } = await opened(world);
      bob.send({ type: 'say', conversation, turn: 1, text: 'me first' });
      await refusedWith(bob, 'not-your-turn');
      alice.send({ type: 'say', conversation, turn: 9, text: 'from the future' });
      assert.equal((await refusedWith(alice, 'stale-turn')).turn, 9);
      alice.send({ type: 'say', conversation, turn: 1, text: 'hi' });
      await alice.next('accepted');
      bob.send({ type: 'pass', conversation, turn: 1, reason: 'declined' });
      await bob.find(({ code }) => code === 'stale-turn');
    },
  ),
  check('4.3', 'under addressed a message without a turn is accepted from any member', async (world) => {
    const { alice, bob, conversation } = await opened(world);
    bob.send({ type: 'say', conversation, text: 'may I?', target: world.name('alice') });
    assert.equal((await bob.next('accepted')).turn, undefined);
    alice.send({ type: 'say', conversation, turn: 1, text: 'of course', target: world.name('bob') });
    await alice.next('accepted');
  }),
  check('4.3 9', 'under addressed a target that is not a member joins', async (world) => {
    const { alice, conversation } = await opened(world);
    const carol = await world.agent('carol');
    alice.send({ type: 'say', conversation, turn: 1, text: 'welcome', target: world.name('carol') });
    await alice.next('accepted');
    assert.deepEqual(typesOf(entriesOf(await carol.next('turn'))), ['opened', 'joined', 'said']);
  }),
  check('4.3 8', 'under round-robin only the member that has the floor may speak', async (world) => {
    const { alice, bob, conversation } = await opened(world, { policy: 'round-robin' });
    bob.send({ type: 'say', conversation, text: 'me too' });
    await refusedWith(bob, 'not-your-turn');
    alice.send({ type: 'say', conversation, turn: 1, text: 'hi', target: world.name('carol') });
    await refusedWith(alice, 'bad-target');
  }),
  check(
    '4.3 8',
    'a client that is no member, an unknown conversation and an ended one are refused with different codes',
    async (world) => {
      const { alice, conversation } = await opened(world, { limits: { maxTurns: 1 } });
      const carol = await world.agent('carol');
      carol.send({ type: 'say', conversation, text: 'hello?', target: world.name('alice') });
      await refusedWith(carol, 'not-a-member');
      carol.send({ type: 'say', conversation: 'c0', text: 'hello?', target: world.name('alice') });
      await refusedWith(carol, 'unknown-conversation');
      alice.send({ type: 'say', conversation, turn: 1, text: 'bye' });
      await alice.find(({ type }) => type === 'ended');
      alice.send({ type: 'say', conversation, text: 'one more', target: world.name('bob') });
      await alice.find(({ code }) => code === 'conversation-ended');
      alice.send({ type: 'say', conversation, turn: 1, text: 'bye' });
      assert.equal((await alice.next('accepted')).seq, 2);
    },
  ),
  check('4.4 9', 'a declined turn is followed by a turn of another member', async (world) => {
    for (const reason of ['nothing-to-say', 'declined']) {
      const alice = await world.agent(`alice-${reason}`);
      const bob = await world.agent(`bob-${reason}`);
      const conversation = await world.open(alice, [`bob-${reason}`], { policy: 'round-robin' });
      await alice.next('turn');
      alice.send({ type: 'pass', conversation, turn: 1, reason });
      assert.equal((await alice.next('accepted')).turn, 1);
      assert.deepEqual(typesOf(entriesOf(await bob.next('turn'))), ['opened', 'passed']);
    }
  }),
  check('4.4 5.1 9', 'a turn that failed is offered again, and its attempts are counted', async (world) => {
    const { alice, conversation } = await opened(world, { limits: { maxAttempts: 3 } });
    alice.send({ type: 'pass', conversation, turn: 1, reason: 'empty-reply', detail: 'nothing came' });
    await alice.next('accepted');
    const again = await alice.next('turn');
    assert.deepEqual([again.turn, again.attempt], [1, 2]);
    assert.deepEqual(typesOf(entriesOf(again)), ['lapsed']);
  }),
  check('4.4 9', 'a turn without attempts left ends the conversation, or is skipped', async (world) => {
    const { alice, conversation } = await opened(world, { limits: { maxAttempts: 1, onFailure: 'end' } });
    alice.send({ type: 'pass', conversation, turn: 1, reason: 'model-unavailable' });
    const ended = await alice.find(({ type }) => type === 'ended');
    assert.deepEqual([ended.conversation, ended.reason], [conversation, 'failed']);

    const dora = await world.agent('dora');
    const emil = await world.agent('emil');
    const limits = { maxAttempts: 1, onFailure: 'skip' };
    const skipped = await world.open(dora, ['emil'], { policy: 'round-robin', limits });
    await dora.next('turn');
    dora.send({ type: 'pass', conversation: skipped, turn: 1, reason: 'model-unavailable' });
    assert.equal(typesOf(entriesOf(await emil.next('turn'))).at(-1), 'passed');
  }),
];
