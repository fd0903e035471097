import { describe, expect, it } from 'vitest';
import { dial, dialAgent, dialPlain, serveRouter } from './served-router.ts';

const register = { type: 'register', name: 'alice' };

describe('a second connection with a name', () => {
  it('a second connection with a name is a replica, and in the plain dialect it takes over', async () => {
    const { port, router } = await serveRouter();
    await dialAgent(port, 'alice');
    await dialAgent(port, 'alice');
    expect(router.presence.replicasOf('alice').size).toBe(2);
    const first = await dialPlain(port, 'bob');
    const second = await dialPlain(port, 'bob');
    expect(await first.closed).toMatchObject({ code: 4010 });
    expect(second.ws.readyState).toBe(second.ws.OPEN);
  });

  it.each([
    ['plain', undefined],
    ['parley.v1', ['parley.v1']],
  ])(
    'a second connection with a name is refused temporarily under `reject`, in %s',
    async (_dialect, protocols) => {
      const { port } = await serveRouter({ duplicates: 'reject' });
      const first = await (protocols ? dialAgent : dialPlain)(port, 'alice');
      const second = dial(port, protocols && { protocols });
      await second.opened;
      second.send(register);
      expect(await second.next()).toMatchObject({ code: 'unavailable' });
      expect(await second.closed).toMatchObject({ code: 4100 });
      first.ws.close();
      await first.closed;
      await (protocols ? dialAgent : dialPlain)(port, 'alice');
    },
  );

  it('a second connection with a name takes over under `takeover`: the first must not reconnect, and its turn is granted to the second', async () => {
    const { port, router } = await serveRouter({ duplicates: 'takeover' });
    const first = await dialAgent(port, 'alice');
    first.send({ type: 'open', ref: '1', members: ['bob'] });
    const { conversation } = await first.nextOf('accepted');
    const second = await dialAgent(port, 'alice');
    expect(await first.closed).toMatchObject({ code: 4010 });
    expect(await second.nextOf('turn')).toMatchObject({ conversation, turn: 1 });
    expect(router.presence.replicasOf('alice').size).toBe(1);
  });

  it('frames of a connection that was taken over are not received any more', async () => {
    const { port, router } = await serveRouter();
    const first = await dialPlain(port, 'alice');
    const second = await dialPlain(port, 'alice');
    first.send({ target: 'bob', text: 'from the grave' });
    second.send({ target: 'bob', text: 'alive' });
    const bob = dial(port);
    await bob.opened;
    bob.send({ type: 'register', name: 'bob' });
    expect(await bob.next()).toMatchObject({ text: 'alive' });
    expect(router.conversations.count).toBe(1);
  });
});
