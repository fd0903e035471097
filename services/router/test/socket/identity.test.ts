import { describe, expect, it } from 'vitest';
import { alice, asProtocol, authenticator, bearer, bob, boss, crowd, watcher } from './bearers.ts';
import { dial, dialAgent, dialPlain, serveRouter } from './served-router.ts';

describe('a name', () => {
  it.each([
    ['in the Authorization header', () => ({ options: bearer(alice.token), frame: {} })],
    [
      'as a second subprotocol',
      () => ({ options: { protocols: ['parley.v1', asProtocol(alice.token)] }, frame: {} }),
    ],
    ['in `register`', () => ({ options: {}, frame: { token: alice.token } })],
  ])('a name is registered with a token for it %s', async (_where, make) => {
    const { port } = await serveRouter({ authenticator });
    const { options, frame } = make();
    const client = dial(port, { protocols: ['parley.v1'], ...options });
    await client.opened;
    expect(client.ws.protocol).toBe('parley.v1');
    client.send({ type: 'register', name: 'alice', ...frame });
    expect(await client.next()).toMatchObject({ type: 'welcome', name: 'alice' });
  });

  it('a name is registered by a plain client with a token in the header or in `register`', async () => {
    const { port, router } = await serveRouter({ authenticator });
    await dialPlain(port, 'alice', bearer(alice.token));
    const client = dial(port);
    await client.opened;
    client.send({ type: 'register', name: 'crowd-7', token: crowd.token });
    client.send({ target: 'alice', text: 'hi' });
    await expect
      .poll(() => [...router.presence.names()])
      .toEqual(expect.arrayContaining(['alice', 'crowd-7']));
  });

  it.each([
    ['plain', undefined],
    ['parley.v1', ['parley.v1']],
  ])(
    'a name that the token does not allow is refused in %s with 4003, and no connection is taken over',
    async (_dialect, protocols) => {
      const { port } = await serveRouter({ authenticator, duplicates: 'takeover' });
      const own = await (protocols ? dialAgent : dialPlain)(port, 'alice', bearer(alice.token));
      const thief = dial(port, { ...(protocols && { protocols }), ...bearer(crowd.token) });
      await thief.opened;
      thief.send({ type: 'register', name: 'alice' });
      expect(await thief.next()).toMatchObject({ code: 'name-refused' });
      expect(await thief.closed).toMatchObject({ code: 4003 });
      expect(own.ws.readyState).toBe(own.ws.OPEN);
    },
  );

  it('a name cannot be registered with another token in `register` than the one of the handshake', async () => {
    const { port } = await serveRouter({ authenticator });
    const client = dial(port, bearer(bob.token));
    await client.opened;
    client.send({ type: 'register', name: 'alice', token: alice.token });
    expect(await client.closed).toMatchObject({ code: 4003 });
  });

  it.each([
    ['no token', {}],
    ['a wrong token', { token: 'wrong' }],
    ['the hash of a token', { token: alice.line.split(' ')[2] }],
    ['an empty token', { token: '' }],
  ])('a name needs a token: %s is refused with 4001', async (_what, fields) => {
    const { port, metric } = await serveRouter({ authenticator });
    for (const protocols of [undefined, ['parley.v1']]) {
      const client = dial(port, protocols && { protocols });
      await client.opened;
      client.send({ type: 'register', name: 'alice', ...fields });
      expect(await client.next()).toMatchObject({ code: 'unauthenticated' });
      expect(await client.closed).toMatchObject({ code: 4001 });
    }
    await expect.poll(() => metric('parley_disconnects_total{code="4001"}')).toBe(2);
  });

  it('a wrong token in the handshake is refused with 4001, after which a client does not reconnect', async () => {
    const { port } = await serveRouter({ authenticator });
    for (const options of [bearer('wrong'), { protocols: ['parley.v1', asProtocol('wrong')] }])
      expect(await dial(port, options).closed).toMatchObject({
        code: 4001,
        reason: 'a valid token is needed',
      });
  });
});

describe('a sender', () => {
  it('the sender of a message is the registered name, whatever the frame says', async () => {
    const { port } = await serveRouter({ authenticator });
    const to = await dialPlain(port, 'alice', bearer(alice.token));
    const from = await dialPlain(port, 'bob', bearer(bob.token));
    from.send({ from: 'boss', name: 'boss', target: 'alice', text: 'hi' });
    expect(await to.next()).toMatchObject({ from: 'bob', text: 'hi' });
  });

  it('a sender addresses only names that its token allows, in both dialects, and stays connected', async () => {
    const { port } = await serveRouter({ authenticator });
    const plain = await dialPlain(port, 'bob', bearer(bob.token));
    plain.send({ target: 'carol', text: 'hi' });
    expect(await plain.next()).toMatchObject({ code: 'forbidden' });
    plain.ws.close();
    await plain.closed;

    const agent = await dialAgent(port, 'bob', bearer(bob.token));
    agent.send({ type: 'open', ref: '1', members: ['alice', 'carol'] });
    expect(await agent.next()).toMatchObject({ type: 'refused', code: 'forbidden', ref: '1' });
    agent.send({ type: 'open', ref: '2', members: ['alice'], first: 'carol' });
    expect(await agent.next()).toMatchObject({ type: 'refused', code: 'forbidden', ref: '2' });
    agent.send({ type: 'open', ref: '3', members: ['alice'] });
    const { conversation } = await agent.nextOf('accepted');
    agent.send({ type: 'say', conversation, turn: 1, text: 'hi', target: 'carol' });
    expect(await agent.nextOf('refused')).toMatchObject({ code: 'forbidden' });
    agent.send({ type: 'say', conversation, turn: 1, text: 'hi', target: 'alice' });
    expect(await agent.nextOf('accepted')).toMatchObject({ turn: 1 });
  });
});

describe('a token that may address only some', () => {
  const start = async (open: object) => {
    const { port } = await serveRouter({ authenticator });
    const host = await dialAgent(port, 'alice', bearer(alice.token));
    const limited = await dialAgent(port, 'bob', bearer(bob.token));
    const third = await dialAgent(port, 'crowd-1', bearer(crowd.token));
    host.send({ type: 'open', ref: '1', members: ['bob', 'crowd-1'], ...open });
    const { conversation } = await host.nextOf('accepted');
    const ask = async (frame: object) => {
      limited.send({ type: 'say', conversation, ...frame });
      let answer = await limited.next();
      while (answer.type !== 'accepted' && answer.type !== 'refused') answer = await limited.next();
      return answer.code ?? answer.type;
    };
    return { ask, host, limited, third, conversation };
  };

  it.each(['addressed', 'open', 'mention'])(
    'a sender whose token allows only some targets says nothing under policy %s that all would hear',
    async (policy) => {
      const { ask } = await start({ policy });
      expect(await ask({ text: 'hello' })).toBe('forbidden');
      expect(await ask({ text: '@crowd-1 listen to me' })).toBe('forbidden');
      expect(await ask({ text: 'hello', to: ['crowd-1'] })).toBe('forbidden');
      expect(await ask({ text: 'hello', target: 'alice' })).toBe('accepted');
    },
  );

  it.each(['open', 'mention'])(
    'a sender gives no turn under policy %s by an @name that its token does not allow',
    async (policy) => {
      const { ask, host, limited, conversation } = await start({ policy });
      host.send({ type: 'say', conversation, turn: 1, text: '@bob, what do you say?' });
      const { turn } = await limited.nextOf('turn');
      expect(await ask({ turn, text: 'ask @crowd-1' })).toBe('forbidden');
      expect(await ask({ turn, text: 'I say yes' })).toBe('accepted');
    },
  );
});

describe('an observer', () => {
  it('an observer reads every conversation, gets no turn and cannot speak', async () => {
    const { port, router } = await serveRouter({ authenticator });
    const agent = await dialAgent(port, 'alice', bearer(alice.token));
    agent.send({ type: 'open', ref: '1', members: ['watcher'], first: 'watcher' });
    const { conversation } = await agent.next();
    const observer = await dialAgent(port, 'watcher', bearer(watcher.token));
    expect(router.presence.replicasOf('watcher').size).toBe(0);
    observer.send({ type: 'history', conversation });
    expect(await observer.next()).toMatchObject({ type: 'entry', entry: { type: 'opened' } });
    for (const frame of [
      { type: 'open', ref: '1', members: ['alice'] },
      { type: 'say', conversation, text: 'hi' },
      { type: 'say', conversation, turn: 1, text: 'hi' },
      { type: 'pass', conversation, turn: 1, reason: 'declined' },
      { type: 'chunk', conversation, turn: 1, text: 'h' },
      { type: 'join', conversation },
      { type: 'leave', conversation },
    ]) {
      observer.send(frame);
      expect(await observer.next()).toMatchObject({ type: 'refused', code: 'forbidden' });
    }
    expect(router.conversations.find(String(conversation))?.seq).toBe(1);
  });

  it('an observer sees private messages, and a member does not, whatever its role is', async () => {
    const { port } = await serveRouter({ authenticator });
    const agent = await dialAgent(port, 'alice', bearer(alice.token));
    agent.send({ type: 'open', ref: '1', members: ['bob', 'boss-1'] });
    const { conversation } = await agent.nextOf('accepted');
    agent.send({ type: 'say', conversation, text: 'psst', target: 'bob', to: ['bob'] });
    await agent.nextOf('accepted');
    agent.send({ type: 'say', conversation, text: 'aloud', target: 'bob' });
    await agent.nextOf('accepted');
    const heardBy = async (name: string, token: string) => {
      const client = await dialAgent(port, name, bearer(token));
      client.send({ type: 'history', conversation });
      const texts: unknown[] = [];
      while (texts.at(-1) !== 'aloud') {
        const { entry } = (await client.nextOf('entry')) as unknown as {
          entry: { type: string; text?: string };
        };
        if (entry.type === 'said') texts.push(entry.text);
      }
      return texts;
    };
    expect(await heardBy('watcher', watcher.token)).toEqual(['psst', 'aloud']);
    expect(await heardBy('boss-2', boss.token)).toEqual(['psst', 'aloud']);
    expect(await heardBy('bob', bob.token)).toEqual(['psst', 'aloud']);
    expect(await heardBy('boss-1', boss.token)).toEqual(['aloud']);
  });

  it('an observer cannot use the plain dialect', async () => {
    const { port } = await serveRouter({ authenticator });
    const client = dial(port, bearer(watcher.token));
    await client.opened;
    client.send({ type: 'register', name: 'watcher' });
    expect(await client.closed).toMatchObject({ code: 4003 });
  });
});

describe('an agent', () => {
  it('an agent joins no conversation with a member that its token does not let it address', async () => {
    const { port } = await serveRouter({ authenticator });
    const agent = await dialAgent(port, 'crowd-1', bearer(crowd.token));
    agent.send({ type: 'open', ref: '1', members: ['carol'], admission: 'open' });
    const { conversation } = await agent.nextOf('accepted');
    const stranger = await dialAgent(port, 'bob', bearer(bob.token));
    stranger.send({ type: 'join', conversation });
    expect(await stranger.nextOf('refused')).toMatchObject({ code: 'forbidden' });
    const friend = await dialAgent(port, 'alice', bearer(alice.token));
    friend.send({ type: 'join', conversation });
    expect(await friend.nextOf('accepted')).toMatchObject({ conversation });
  });

  it('an agent reads the history of its own conversations only, and an operator reads all', async () => {
    const { port } = await serveRouter({ authenticator });
    const agent = await dialAgent(port, 'alice', bearer(alice.token));
    agent.send({ type: 'open', ref: '1', members: ['bob'] });
    const { conversation } = await agent.next();
    const read = async (name: string, token: string) => {
      const client = await dialAgent(port, name, bearer(token));
      client.send({ type: 'history', conversation });
      return (await client.next()).type;
    };
    expect(await read('crowd-1', crowd.token)).toBe('refused');
    expect(await read('bob', bob.token)).toBe('entry');
    expect(await read('boss', boss.token)).toBe('entry');
  });
});
