import { describe, expect, it } from 'vitest';
import { dialAgent, serveRouter } from './served-router.ts';

/** No test waits for it. */
const anHourMs = 3_600_000;

describe('a router that drains', () => {
  it('a router that drains does not wait for the answer of an agent whose connection ends', async () => {
    const router = await serveRouter();
    const ann = await dialAgent(router.port, 'ann');
    ann.send({ type: 'open', ref: 'r', members: ['ann', 'bob'] });
    await ann.nextOf('turn');
    const drained = router.drain(anHourMs);
    await ann.nextOf('draining');
    ann.ws.terminate();
    await drained;
    expect(router.router.grants.count).toBe(0);
  });

  it('a router that drains waits for the answers of its agents, and ends when the last has come', async () => {
    const router = await serveRouter();
    const ann = await dialAgent(router.port, 'ann');
    ann.send({ type: 'open', ref: 'r', members: ['ann', 'bob'] });
    const { conversation, turn } = await ann.nextOf('turn');
    const drained = router.drain(anHourMs);
    await ann.nextOf('draining');
    ann.send({ type: 'say', conversation, turn, text: 'Goodbye.' });
    expect(await ann.nextOf('accepted')).toMatchObject({ conversation, turn });
    await drained;
    expect(await ann.closed).toMatchObject({ code: 4200 });
  });
});
