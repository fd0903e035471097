import { describe, expect, it } from 'vitest';
import type { Authenticator } from '../../src/identity/authenticator.ts';
import { alice, asProtocol, authenticator, bearer, boss, jwt, watcher } from './bearers.ts';
import { dial, dialAgent, dialRaw, handshake, serveRouter } from './served-router.ts';

describe('a JWT', () => {
  it('a JWT is taken from the handshake', async () => {
    const { port } = await serveRouter({ authenticator });
    await dialAgent(port, 'team-1', bearer(await jwt({ names: ['team-*'] })));
  });

  it('a JWT in `register` is checked before the frames after it are received, and none of them is lost', async () => {
    const { port, router } = await serveRouter({ authenticator });
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

  it('a bad JWT in `register` lets no frame after it be received', async () => {
    const { port, router } = await serveRouter({ authenticator });
    const client = dial(port, { protocols: ['parley.v1'] });
    await client.opened;
    client.send({ type: 'register', name: 'dora', token: `${await jwt({ sub: 'dora' })}x` });
    client.send({ type: 'open', ref: '1', members: ['bob'] });
    expect(await client.next()).toMatchObject({ code: 'unauthenticated' });
    expect(await client.closed).toMatchObject({ code: 4001 });
    expect(router.conversations.count).toBe(0);
  });

  it('a JWT of a peer that disconnected while it was checked registers no name', async () => {
    let checked: (() => void) | undefined;
    const slow: Authenticator = {
      identify: (token) =>
        new Promise((resolve) => {
          checked = () => resolve(authenticator.identify(token));
        }),
    };
    const { port, router, metric } = await serveRouter({ authenticator: slow });
    const client = dial(port, { protocols: ['parley.v1'] });
    await client.opened;
    client.send({ type: 'register', name: 'alice', token: alice.token });
    await expect.poll(() => checked).toBeDefined();
    client.ws.terminate();
    await expect.poll(() => metric('parley_connections{dialect="v1"}')).toBe(0);
    checked?.();
    await new Promise(setImmediate);
    expect(router.presence.replicasOf('alice').size).toBe(0);
  });

  it('a JWT whose keys cannot be read is refused temporarily', async () => {
    const down: Authenticator = {
      identify: async () => ({ ok: false, code: 'unavailable', problem: 'no keys' }),
    };
    const { port } = await serveRouter({ authenticator: down });
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
  ])('a read over HTTP with %s is answered with the right status', async (_who, token, status) => {
    const { port } = await serveRouter({ authenticator });
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

  it('the probes over HTTP need no token, and actions need the role operator', async () => {
    const { port } = await serveRouter({ authenticator });
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
  it('a token in a URL is refused, also a valid one, before any other work', async () => {
    const { port } = await serveRouter({ authenticator });
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
  it('a router without tokens accepts all clients, with any token or none', async () => {
    const { port } = await serveRouter();
    await dialAgent(port, 'alice');
    await dialAgent(port, 'bob', bearer('whatever'));
    expect((await fetch(`http://127.0.0.1:${port}/v1/agents`)).status).toBe(200);
  });
});

describe('the token subprotocol', () => {
  it('the token subprotocol is never echoed', async () => {
    const { port } = await serveRouter({ authenticator });
    const socket = await dialRaw(port);
    socket.write(handshake(port, `Sec-WebSocket-Protocol: ${asProtocol(alice.token)}, parley.v1\r\n`));
    const answer = await new Promise<string>((resolve) =>
      socket.once('data', (data) => resolve(String(data))),
    );
    expect(answer).toMatch(/^HTTP\/1\.1 101 .*Sec-WebSocket-Protocol: parley\.v1\r\n/s);
    expect(answer).not.toContain('bearer');
  });
});
