import assert from 'node:assert/strict';
import { check } from '../check.ts';
import type { Client } from '../client.ts';
import type { World } from '../world.ts';

const agents = (world: World, targets: Readonly<Record<string, string>>): Promise<Client[]> =>
  Promise.all(
    Object.entries(targets).map(([word, target]) => world.agent(word, { target: world.name(target) })),
  );

/** The client answers its next grant without an addressee. */
const answer = async (client: Client, text: string): Promise<string> => {
  const { conversation, turn } = await client.next('turn');
  client.send({ type: 'say', conversation, turn, text });
  await client.next('accepted');
  return conversation as string;
};

const addressees = async (world: World, conversation: string) =>
  (await world.entries(conversation)).filter(({ type }) => type === 'said').map(({ target }) => target);

export const addresseeChecks = [
  check('10.7', 'agents whose targets lead back to the opener go round', async (world) => {
    const ring = await agents(world, { ann: 'ben', ben: 'cat', cat: 'ann' });
    const conversation = await world.open(ring[0] as Client, ['ben']);
    for (let line = 0; line < 6; line++) await answer(ring[line % 3] as Client, `line ${line}`);
    const names = ['ben', 'cat', 'ann'].map((word) => world.name(word));
    assert.deepEqual(await addressees(world, conversation), [...names, ...names]);
  }),
  check('10.7', 'a speaker from outside of a pair is answered, and adds no other member', async (world) => {
    const [alice] = await agents(world, { alice: 'bob', bob: 'alice' });
    const carol = await world.plain('carol');
    carol.send({ target: world.name('alice'), text: 'What do you make of it?' });
    const conversation = await answer(alice as Client, 'Much.');
    assert.equal((await carol.next('message')).from, world.name('alice'));
    assert.deepEqual(await addressees(world, conversation), [world.name('alice'), world.name('carol')]);
  }),
  check(
    '10.7',
    'an agent answers the opener of a conversation, although its own target never registers',
    async (world) => {
      const [ann, ben] = await agents(world, { ann: 'ben', ben: 'zoe' });
      await world.open(ann as Client, ['ben']);
      await answer(ann as Client, 'one');
      const conversation = await answer(ben as Client, 'two');
      assert.deepEqual(await addressees(world, conversation), [world.name('ben'), world.name('ann')]);
    },
  ),
];
