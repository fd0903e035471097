import { describe, expect, it } from 'vitest';
import { recordedTraces } from '../recorded-traces.ts';
import { dialAgent, serveRouter } from './served-router.ts';

const trace = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

describe('the trace context of an answer', () => {
  it('the trace context of an answer links the turn to the span in which the answer was made', async () => {
    const { tracing, named } = recordedTraces();
    const { port } = await serveRouter({ tracing });
    const ann = await dialAgent(port, 'ann');
    ann.send({ type: 'open', ref: 'r', members: ['ann', 'bob'], policy: 'round-robin' });
    const { conversation, turn, trace: granted } = await ann.nextOf('turn');
    expect(granted).toBe(named('turn')[0]?.traceparent);
    expect(await ann.nextOf('accepted')).toMatchObject({ ref: 'r' });
    ann.send({ type: 'say', conversation, turn, text: 'Hello.', trace });
    expect(await ann.nextOf('accepted')).toMatchObject({ turn });
    expect(named('turn')[0]).toMatchObject({ links: [trace], parent: undefined });
  });

  it('the trace context of a peer that was not granted the turn is ignored', async () => {
    const { tracing, named } = recordedTraces();
    const { port } = await serveRouter({ tracing });
    const ann = await dialAgent(port, 'ann');
    const bob = await dialAgent(port, 'bob');
    ann.send({ type: 'open', ref: 'r', members: ['ann', 'bob'], policy: 'round-robin' });
    const { conversation, turn } = await ann.nextOf('turn');
    bob.send({ type: 'say', conversation, turn, text: 'Hello.', trace });
    await bob.nextOf('refused');
    bob.send({ type: 'pass', conversation, turn, reason: 'declined', trace });
    await bob.nextOf('refused');
    expect(named('turn').map(({ links }) => links)).toEqual([[]]);
  });

  it('a trace context of another form is refused, and the turn stays granted', async () => {
    const { port } = await serveRouter();
    const ann = await dialAgent(port, 'ann');
    ann.send({ type: 'open', ref: 'r', members: ['ann', 'bob'], policy: 'round-robin' });
    const { conversation, turn } = await ann.nextOf('turn');
    ann.send({ type: 'say', conversation, turn, text: 'Hello.', trace: `${trace}-and-more` });
    expect(await ann.nextOf('refused')).toMatchObject({ code: 'bad-frame' });
    ann.send({ type: 'say', conversation, turn, text: 'Hello.', trace });
    expect(await ann.nextOf('accepted')).toMatchObject({ turn });
  });
});
