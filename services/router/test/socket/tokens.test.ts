import { describe, expect, it } from 'vitest';
import {
  alice,
  authenticator,
  authenticatorOf,
  bearer,
  bob,
  boss,
  jwt,
  linesOf,
  listOf,
  watcher,
} from './bearers.ts';
import { dialAgent, dialRaw, serveRouter } from './served-router.ts';

describe('a token that is no longer good', () => {
  it('a withdrawn token ends its connections with 4001, and other connections stay', async () => {
    const list = listOf([alice, bob]);
    const { port } = await serveRouter({ authenticator: authenticatorOf(list) });
    const gone = await dialAgent(port, 'bob', bearer(bob.token));
    const stays = await dialAgent(port, 'alice', bearer(alice.token));
    list.replace(linesOf([alice]));
    expect(await gone.closed).toMatchObject({ code: 4001 });
    expect(stays.ws.readyState).toBe(stays.ws.OPEN);
  });

  it('a withdrawn token ends the event streams of its bearer, and no more events are sent on them', async () => {
    const list = listOf([watcher, alice]);
    const { port, router } = await serveRouter({ authenticator: authenticatorOf(list) });
    const events = await fetch(`http://127.0.0.1:${port}/v1/events`, bearer(watcher.token));
    const reader = (events.body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    list.replace(linesOf([alice]));
    router.routerEvents.publish({ type: 'agents' });
    const rest: string[] = [];
    for (let part = await reader.read(); !part.done; part = await reader.read())
      rest.push(Buffer.from(part.value).toString());
    expect(rest.join('')).not.toContain('agents');
  });

  it('a withdrawn token allows no action, although the request had begun before', async () => {
    const list = listOf([boss]);
    const { port, router } = await serveRouter({ authenticator: authenticatorOf(list) });
    const socket = await dialRaw(port);
    const body = '{"members":["alice","bob"]}';
    socket.write(
      `POST /v1/conversations HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Type: application/json\r\n` +
        `Authorization: Bearer ${boss.token}\r\nContent-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n`,
    );
    await new Promise((resolve) => socket.once('data', resolve));
    list.replace([]);
    socket.write(body);
    const answer = await new Promise<string>((resolve) =>
      socket.once('data', (data) => resolve(String(data))),
    );
    expect(answer).toMatch(/^HTTP\/1.1 401/);
    expect(router.conversations.count).toBe(0);
  });

  it('an expired token ends its connections with 4001', async () => {
    const { port } = await serveRouter({ authenticator });
    const token = await jwt({ sub: 'dora', exp: Math.floor(Date.now() / 1_000) + 2 });
    const client = await dialAgent(port, 'dora', bearer(token));
    expect(await client.closed).toMatchObject({ code: 4001 });
  });
});
