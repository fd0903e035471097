import assert from 'node:assert/strict';
import { check, distinctLine } from '../check.ts';
import type { Received } from '../client.ts';
import type { World } from '../world.ts';

const typesOf = (entries: readonly Received[]) => entries.map(({ type }) => type);

/** A conversation of alice and bob in which alice has been granted turn 1. */
const opened = async (world: World, more: object = {}) => {
  const [alice, bob] = [await world.agent('alice'), await world.agent('bob')];
  const conversation = await world.open(alice, ['bob'], more);
  await alice.next('turn');
  return { alice, bob, conversation };
};

export const watchingChecks = [
  check(
    '4.5',
    'chunks are sent to observers that follow, and are neither stored nor answered',
    async (world) => {
      const { alice, bob, conversation } = await opened(world);
      const watcher = await world.agent('watcher');
      watcher.send({ type: 'history', conversation, follow: true });
      await watcher.next('entry');
      bob.send({ type: 'chunk', conversation, turn: 1, text: 'not mine to say' });
      await bob.quiet();
      alice.send({ type: 'chunk', conversation, turn: 1, text: 'once upon' });
      await alice.quiet();
      const chunk = { type: 'chunk', conversation, turn: 1, from: world.name('alice'), text: 'once upon' };
      assert.deepEqual(await watcher.next(), chunk);
      assert.deepEqual(typesOf(await world.entries(conversation)), ['opened']);
    },
  ),
  check('4.6 9', 'history gives the entries after since, in order, without a gap', async (world) => {
    const { alice, conversation } = await opened(world);
    for (let line = 0; line < 5; line++) {
      alice.send({ type: 'say', conversation, text: distinctLine(line), target: world.name('bob') });
      await alice.next('accepted');
    }
    const entries = await world.entries(conversation);
    assert.deepEqual(
      entries.map(({ seq }) => seq),
      [1, 2, 3, 4, 5, 6],
    );
    alice.send({ type: 'history', conversation, since: 4 });
    assert.equal(((await alice.next('entry')).entry as Received).seq, 5);
    assert.equal(((await alice.next('entry')).entry as Received).seq, 6);
    await alice.quiet();
    alice.send({ type: 'history', conversation: 'c0' });
    assert.equal((await alice.next('refused')).code, 'unknown-conversation');
  }),
  check('4.6', 'history with follow continues with later entries, up to the ending', async (world) => {
    const { alice, bob, conversation } = await opened(world, { limits: { maxTurns: 2 } });
    const watcher = await world.agent('watcher');
    watcher.send({ type: 'history', conversation, follow: true });
    alice.send({ type: 'say', conversation, turn: 1, text: 'hi' });
    await bob.next('turn');
    bob.send({ type: 'say', conversation, turn: 2, text: 'bye' });
    const types: unknown[] = [];
    while (types.at(-1) !== 'ended') types.push(((await watcher.next('entry')).entry as Received).type);
    assert.deepEqual(types, ['opened', 'said', 'said', 'ended']);
    await watcher.quiet();
  }),
];
