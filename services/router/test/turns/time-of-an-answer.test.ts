import { describe, expect, it } from 'vitest';
import { agentReader, overseer, visible } from '../../src/core/visibility.ts';
import { Operator, takeTurn } from '../http/operator.ts';
import { dialAgent, serveRouter } from '../socket/served-router.ts';

describe('The entry of an answer', () => {
  it('the entry of an answer has the time that the replica had the grant, by the clock of the router', async () => {
    let now = 1_000_000;
    const clock = { wall: () => now, monotonic: () => now };
    const served = await serveRouter({ clock });
    const [ann, bob] = [await dialAgent(served.port, 'ann'), await dialAgent(served.port, 'bob')];
    const operator = new Operator(served);
    const id = await operator.open({ members: ['ann', 'bob'], policy: 'round-robin' });
    const grant = await ann.nextOf('turn');
    now += 1_500;
    ann.send({ type: 'say', conversation: id, turn: grant.turn, text: 'Hello bob.' });
    await ann.nextOf('accepted');
    const second = await bob.nextOf('turn');
    now += 250;
    bob.send({ type: 'pass', conversation: id, turn: second.turn, reason: 'declined' });
    await bob.nextOf('accepted');
    await operator.act(id, 'say', { text: 'Go on.', target: 'ann' });
    const tookMs = (await operator.entries(id)).flatMap((entry) =>
      'tookMs' in entry ? [[entry.type, entry.tookMs]] : [],
    );
    expect(tookMs).toEqual([
      ['said', 1_500],
      ['passed', 250],
    ]);
  });

  it('the entry of an answer shows that time to its own member and to observers, and to no other member', async () => {
    const served = await serveRouter();
    const ann = await dialAgent(served.port, 'ann');
    const operator = new Operator(served);
    const id = await operator.open({ members: ['ann', 'bob'], policy: 'round-robin' });
    await takeTurn(ann, 'Hello bob.');
    const state = served.router.conversations.get(id)!;
    const entry = (await operator.entries(id)).find(({ type }) => type === 'said')!;
    expect(entry).toHaveProperty('tookMs');
    for (const reader of [overseer, agentReader('ann')])
      expect(visible(state, reader, entry)).toHaveProperty('tookMs');
    expect(visible(state, agentReader('bob'), entry)).not.toHaveProperty('tookMs');
  });
});
