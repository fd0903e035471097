import { generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { type Guard, makeGuard } from '../../src/identity/guard.ts';
import { makeJwtVerifier } from '../../src/identity/jwt.ts';
import { newToken } from '../../src/identity/token-command.ts';
import { readTokens, TokenList } from '../../src/identity/token-list.ts';
import { dial, dialAgent, dialPlain, dialRaw, handshake, serveRouter } from './served-router.ts';

const alice = newToken(['alice']);
const bob = newToken(['bob', '--send', 'alice']);
const crowd = newToken(['crowd-*']);
const watcher = newToken(['watcher', '--role', 'observer']);
const boss = newToken(['*', '--role', 'operator']);
const made = [alice, bob, crowd, watcher, boss];

const linesOf = (tokens: readonly { line: string }[]) => {
  const read = readTokens(tokens.map(({ line }) => line).join('\n'));
  if ('problems' in read) throw new Error(read.problems.join('\n'));
  return read.lines;
};
const keys = generateKeyPairSync('ed25519');
const verifyJwt = makeJwtVerifier({
  keys: { kind: 'public-key', key: keys.publicKey },
  issuer: undefined,
  audience: undefined,
  now: Date.now,
});
const guardOf = (list = new TokenList(linesOf(made))): Guard => makeGuard({ tokens: list, verifyJwt });
const guard = guardOf();
const jwt = (claims: Record<string, unknown>) =>
  new SignJWT({ exp: Math.floor(Date.now() / 1_000) + 60, ...claims })
    .setProtectedHeader({ alg: 'EdDSA' })
    .sign(keys.privateKey);

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
const asProtocol = (token: string) => `parley.bearer.${Buffer.from(token).toString('base64url')}`;

describe('a name', () => {
  it.each([
    ['in the Authorization header', () => ({ options: bearer(alice.token), frame: {} })],
    [
      'as a second subprotocol',
      () => ({ options: { protocols: ['parley.v1', asProtocol(alice.token)] }, frame: {} }),
    ],
    ['in `register`', () => ({ options: {}, frame: { token: alice.token } })],
  ])('is registered with a token for it %s', async (_where, make) => {
    const { port } = await serveRouter({ guard });
    const { options, frame } = make();
    const client = dial(port, { protocols: ['parley.v1'], ...options });
    await client.opened;
    expect(client.ws.protocol).toBe('parley.v1');
    client.send({ type: 'register', name: 'alice', ...frame });
    expect(await client.next()).toMatchObject({ type: 'welcome', name: 'alice' });
  });

  it('is registered by a plain client with a token in the header or in `register`', async () => {
    const { port, router } = await serveRouter({ guard });
    await dialPlain(port, 'alice', bearer(alice.token));
    const client = dial(port);
    await client.opened;
    client.send({ type: 'register', name: 'crowd-7', token: crowd.token });
    client.send({ target: 'alice', text: 'hi' });
    await expect.poll(() => router.mailboxes.names()).toEqual(expect.arrayContaining(['alice', 'crowd-7']));
  });

  it.each([
    ['plain', undefined],
    ['parley.v1', ['parley.v1']],
  ])(
    'of somebody else is refused in %s with 4003, and nothing is taken over',
    async (_dialect, protocols) => {
      const { port } = await serveRouter({ guard, duplicates: 'takeover' });
      const own = await (protocols ? dialAgent : dialPlain)(port, 'alice', bearer(alice.token));
      const thief = dial(port, { ...(protocols && { protocols }), ...bearer(crowd.token) });
      await thief.opened;
      thief.send({ type: 'register', name: 'alice' });
      expect(await thief.next()).toMatchObject({ code: 'name-refused' });
      expect(await thief.closed).toMatchObject({ code: 4003 });
      expect(own.ws.readyState).toBe(own.ws.OPEN);
    },
  );

  it('cannot be had with another token in `register` than the handshake showed', async () => {
    const { port } = await serveRouter({ guard });
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
  ])('needs a token: %s is refused with 4001', async (_what, fields) => {
    const { port, metric } = await serveRouter({ guard });
    for (const protocols of [undefined, ['parley.v1']]) {
      const client = dial(port, protocols && { protocols });
      await client.opened;
      client.send({ type: 'register', name: 'alice', ...fields });
      expect(await client.next()).toMatchObject({ code: 'unauthenticated' });
      expect(await client.closed).toMatchObject({ code: 4001 });
    }
    await expect.poll(() => metric('parley_disconnects_total{code="4001"}')).toBe(2);
  });

  it('a wrong token in the handshake is told with 4001, which says not to come back', async () => {
    const { port } = await serveRouter({ guard });
    for (const options of [bearer('wrong'), { protocols: ['parley.v1', asProtocol('wrong')] }])
      expect(await dial(port, options).closed).toMatchObject({
        code: 4001,
        reason: 'a valid token is needed',
      });
  });
});

describe('a sender', () => {
  it('is whoever registered, whatever the frame says', async () => {
    const { port } = await serveRouter({ guard });
    const to = await dialPlain(port, 'alice', bearer(alice.token));
    const from = await dialPlain(port, 'bob', bearer(bob.token));
    from.send({ from: 'boss', name: 'boss', target: 'alice', text: 'hi' });
    expect(await to.next()).toMatchObject({ from: 'bob', text: 'hi' });
  });

  it('addresses only whom its token allows, in both dialects, and stays connected', async () => {
    const { port } = await serveRouter({ guard });
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

describe('an observer', () => {
  it('reads every conversation, gets no turn and says nothing', async () => {
    const { port, router } = await serveRouter({ guard });
    const agent = await dialAgent(port, 'alice', bearer(alice.token));
    agent.send({ type: 'open', ref: '1', members: ['watcher'], first: 'watcher' });
    const { conversation } = await agent.next();
    const observer = await dialAgent(port, 'watcher', bearer(watcher.token));
    expect(router.grants.replicasOf('watcher').size).toBe(0);
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

  it('hears what is said aside; a member does not, whatever its role', async () => {
    const { port } = await serveRouter({ guard });
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

  it('has nothing to do in the plain dialect', async () => {
    const { port } = await serveRouter({ guard });
    const client = dial(port, bearer(watcher.token));
    await client.opened;
    client.send({ type: 'register', name: 'watcher' });
    expect(await client.closed).toMatchObject({ code: 4003 });
  });
});

describe('an agent', () => {
  it('joins no conversation with somebody whom its token does not let it address', async () => {
    const { port } = await serveRouter({ guard });
    const agent = await dialAgent(port, 'crowd-1', bearer(crowd.token));
    agent.send({ type: 'open', ref: '1', members: ['carol'] });
    const { conversation } = await agent.nextOf('accepted');
    const stranger = await dialAgent(port, 'bob', bearer(bob.token));
    stranger.send({ type: 'join', conversation });
    expect(await stranger.nextOf('refused')).toMatchObject({ code: 'forbidden' });
    const friend = await dialAgent(port, 'alice', bearer(alice.token));
    friend.send({ type: 'join', conversation });
    expect(await friend.nextOf('accepted')).toMatchObject({ conversation });
  });

  it('reads the history of its own conversations only; an operator reads all', async () => {
    const { port } = await serveRouter({ guard });
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

describe('a token that is no longer good', () => {
  it('ends the connection with 4001 when it is withdrawn; the others stay', async () => {
    const list = new TokenList(linesOf(made));
    const { port } = await serveRouter({ guard: guardOf(list) });
    const gone = await dialAgent(port, 'bob', bearer(bob.token));
    const stays = await dialAgent(port, 'alice', bearer(alice.token));
    list.replace(linesOf([alice]));
    expect(await gone.closed).toMatchObject({ code: 4001 });
    expect(stays.ws.readyState).toBe(stays.ws.OPEN);
  });

  it('ends the connection with 4001 when it expires', async () => {
    const { port } = await serveRouter({ guard });
    const token = await jwt({ sub: 'dora', exp: Math.floor(Date.now() / 1_000) + 2 });
    const client = await dialAgent(port, 'dora', bearer(token));
    expect(await client.closed).toMatchObject({ code: 4001 });
  });
});

describe('a JWT', () => {
  it('opens the door in the handshake', async () => {
    const { port } = await serveRouter({ guard });
    await dialAgent(port, 'team-1', bearer(await jwt({ names: ['team-*'] })));
  });

  it('in `register` is checked before anything that came with it is heard, and nothing of it is lost', async () => {
    const { port, router } = await serveRouter({ guard });
    const token = await jwt({ sub: 'dora' });
    const client = dial(port, { protocols: ['parley.v1'] });
    await client.opened;
    client.send({ type: 'register', name: 'dora', token });
    for (let i = 0; i < 20; i++) client.send({ type: 'open', ref: `${i}`, members: ['bob'] });
    expect(await client.next()).toMatchObject({ type: 'welcome' });
    for (let i = 0; i < 20; i++) {
      expect(await client.nextOf('accepted')).toMatchObject({ ref: `${i}` });
    }
    expect(router.conversations.count).toBe(20);
  });

  it('in `register` that turns out to be bad lets nothing through that came with it', async () => {
    const { port, router } = await serveRouter({ guard });
    const client = dial(port, { protocols: ['parley.v1'] });
    await client.opened;
    client.send({ type: 'register', name: 'dora', token: `${await jwt({ sub: 'dora' })}x` });
    client.send({ type: 'open', ref: '1', members: ['bob'] });
    expect(await client.next()).toMatchObject({ code: 'unauthenticated' });
    expect(await client.closed).toMatchObject({ code: 4001 });
    expect(router.conversations.count).toBe(0);
  });

  it('of a peer that left while it was checked registers nobody', async () => {
    let checked: (() => void) | undefined;
    const slow: Guard = {
      identify: (token) =>
        new Promise((resolve) => {
          checked = () => resolve(guard.identify(token));
        }),
    };
    const { port, router, metric } = await serveRouter({ guard: slow });
    const client = dial(port, { protocols: ['parley.v1'] });
    await client.opened;
    client.send({ type: 'register', name: 'alice', token: alice.token });
    await expect.poll(() => checked).toBeDefined();
    client.ws.terminate();
    await expect.poll(() => metric('parley_connections{dialect="v1"}')).toBe(0);
    checked?.();
    await new Promise(setImmediate);
    expect(router.grants.replicasOf('alice').size).toBe(0);
  });

  it('whose keys cannot be had sends the peer away for a while, not for ever', async () => {
    const down: Guard = {
      identify: async () => ({ ok: false, code: 'unavailable', problem: 'no keys' }),
    };
    const { port } = await serveRouter({ guard: down });
    expect(await dial(port, bearer('a.b.c')).closed).toMatchObject({ code: 4103 });
    const response = await fetch(`http://127.0.0.1:${port}/v1/agents`, bearer('a.b.c'));
    expect(response.status).toBe(503);
  });
});

describe('reading over HTTP', () => {
  it.each([
    ['no token', undefined, 401],
    ['a wrong token', 'wrong', 401],
    ['an agent', alice.token, 403],
    ['an observer', watcher.token, 200],
    ['an operator', boss.token, 200],
  ])('with %s is answered with the right status', async (_who, token, status) => {
    const { port } = await serveRouter({ guard });
    for (const path of ['/v1/agents', '/v1/conversations', '/metrics']) {
      const response = await fetch(
        `http://127.0.0.1:${port}${path}`,
        token === undefined ? {} : bearer(token),
      );
      expect([path, response.status]).toEqual([path, status]);
      expect(response.headers.get('www-authenticate')).toBe(status === 401 ? 'Bearer' : null);
      await response.text();
    }
    const events = await fetch(
      `http://127.0.0.1:${port}/v1/events`,
      token === undefined ? {} : bearer(token),
    );
    expect(events.status).toBe(status);
    await events.body?.cancel();
  });

  it('of the probes is for everybody, of acts only for operators', async () => {
    const { port } = await serveRouter({ guard });
    const url = `http://127.0.0.1:${port}`;
    for (const probe of ['/healthz', '/readyz']) expect((await fetch(url + probe)).status).toBe(200);
    const post = (token: string | undefined) =>
      fetch(`${url}/v1/conversations`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(token && bearer(token).headers) },
        body: JSON.stringify({ members: ['alice', 'bob'] }),
      });
    const statuses = [];
    for (const token of [undefined, alice.token, watcher.token, boss.token])
      statuses.push((await post(token)).status);
    expect(statuses).toEqual([401, 403, 403, 201]);
  });
});

describe('a token in a URL', () => {
  it('is refused, even a good one, before anything else is done', async () => {
    const { port } = await serveRouter({ guard });
    const response = await fetch(
      `http://127.0.0.1:${port}/v1/agents?token=${boss.token}`,
      bearer(boss.token),
    );
    expect(response.status).toBe(400);
    expect(await response.text()).toMatch(/withdraw it/);
    await expect(dial(port, { path: `/?access_token=${alice.token}` }).opened).rejects.toThrow(/400/);
  });
});

describe('a router without tokens', () => {
  it('lets everybody in, with any token or none', async () => {
    const { port } = await serveRouter();
    await dialAgent(port, 'alice');
    await dialAgent(port, 'bob', bearer('whatever'));
    expect((await fetch(`http://127.0.0.1:${port}/v1/agents`)).status).toBe(200);
  });
});

describe('the token subprotocol', () => {
  it('is never sent back', async () => {
    const { port } = await serveRouter({ guard });
    const socket = await dialRaw(port);
    socket.write(handshake(port, `Sec-WebSocket-Protocol: ${asProtocol(alice.token)}, parley.v1\r\n`));
    const answer = await new Promise<string>((resolve) =>
      socket.once('data', (data) => resolve(String(data))),
    );
    expect(answer).toMatch(/^HTTP\/1\.1 101 .*Sec-WebSocket-Protocol: parley\.v1\r\n/s);
    expect(answer).not.toContain('bearer');
  });
});
