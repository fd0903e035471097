import { type Route, requestPath, routes } from '@parley/protocol';
import { describe, expect, it } from 'vitest';
import { dial, dialAgent, serveRouter } from '../socket/served-router.ts';
import { roleAuthenticator, takeTurn, tokens } from './operator.ts';

/** A router with tokens, a conversation of ann and bob in which ann has spoken, another one, and a link to the first. */
const start = async () => {
  const served = await serveRouter({ authenticator: roleAuthenticator() });
  const { port } = served;
  const send = (token: string, method: string, path: string, body?: object) =>
    fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
  const answer = async <T>(...args: Parameters<typeof send>): Promise<T> =>
    (await (await send(...args)).json()) as T;
  const open = async (topic: string) => {
    const body = { members: ['ann', 'bob'], policy: 'round-robin', topic };
    return (await answer<{ conversation: string }>(tokens.operator, 'POST', '/v1/conversations', body))
      .conversation;
  };
  const ann = await dialAgent(port, 'ann', { headers: { authorization: `Bearer ${tokens.agent}` } });
  const id = await open('shared');
  await takeTurn(ann, 'Hello bob.');
  const other = await open('secret');
  const made = await answer<{ share: string; token: string; open: boolean }>(
    ...[tokens.operator, 'POST', `/v1/conversations/${id}/share`, { minutes: 5 }],
  );
  return { ...{ served, port, send, answer, ann, id, other, made }, token: made.token };
};

describe('A share link over HTTP', () => {
  it('a share link reads its conversation, its events and its own description, and no other conversation', async () => {
    const { send, answer, id, other, token, made } = await start();
    expect(made.open).toBe(false);
    expect(await answer(token, 'GET', '/v1/me')).toMatchObject({ names: [], share: { conversation: id } });
    const page = await answer<{ entries: object[] }>(token, 'GET', `/v1/conversations/${id}?limit=5`);
    expect(page.entries).toMatchObject([{ type: 'opened' }, { type: 'said', text: 'Hello bob.' }]);
    for (const path of [
      `/v1/conversations/${other}`,
      `/v1/events?conversation=${other}`,
      '/v1/events',
      `/v1/events?conversation=${other}&conversation=${id}`,
      `/v1/conversations/${id}/../${other}`,
    ]) {
      const response = await send(token, 'GET', path);
      expect([path, response.status]).toEqual([path, 403]);
      expect(await response.json()).toMatchObject({ error: { code: 'forbidden' } });
    }
  });

  it('a share link is refused by every other route of the table, whatever conversation it names', async () => {
    const { send, id, token } = await start();
    const allowed = ['me', 'conversation', 'events', 'healthz', 'readyz'];
    for (const [name, { method }] of Object.entries<Route>(routes)) {
      if (allowed.includes(name)) continue;
      const path = requestPath(name as keyof typeof routes, { id });
      const response = await send(token, method, path, method === 'POST' ? {} : undefined);
      expect([name, response.status]).toEqual([name, 403]);
    }
    expect((await send(token, 'GET', '/v1/nothing')).status).toBe(403);
  });

  it('a share link has an event stream of its conversation without presence, which ends when the link is revoked', async () => {
    const { served, send, ann, id, token, made } = await start();
    const response = await send(token, 'GET', `/v1/events?conversation=${id}&since=0`);
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    const authorization = { headers: { authorization: `Bearer ${tokens.agent}` } };
    const bob = await dialAgent(served.port, 'bob', authorization);
    await bob
      .nextOf('turn')
      .then(({ conversation, turn }) => bob.send({ type: 'say', conversation, turn, text: 'Hello ann.' }));
    let text = '';
    while (!text.includes('Hello ann.')) text += (await reader.read()).value;
    expect(text).not.toContain('event: agents');
    await send(tokens.operator, 'POST', `/v1/conversations/${id}/unshare`, { share: made.share });
    while (!(await reader.read()).done);
    expect((await send(token, 'GET', `/v1/conversations/${id}`)).status).toBe(401);
    ann.ws.close();
  });

  it('a share link registers no name over a WebSocket, in either dialect', async () => {
    const { port, token } = await start();
    const headers = { authorization: `Bearer ${token}` };
    const agent = dial(port, { protocols: ['parley.v1'], headers });
    await agent.opened;
    agent.send({ type: 'register', name: 'ann' });
    expect(await agent.next()).toMatchObject({ type: 'refused', code: 'name-refused' });
    expect((await agent.closed).code).toBe(4003);
    const plain = dial(port);
    await plain.opened;
    plain.send({ type: 'register', name: 'cid', token });
    expect((await plain.closed).code).toBe(4003);
  });

  it('a share link is listed for operators with its creator and its revoker, and never with its token', async () => {
    const { send, answer, id, other, token, made } = await start();
    const path = `/v1/conversations/${id}/unshare`;
    expect((await send(tokens.operator, 'POST', path, { share: 'another' })).status).toBe(404);
    const wrong = `/v1/conversations/${other}/unshare`;
    expect((await send(tokens.operator, 'POST', wrong, { share: made.share })).status).toBe(404);
    await send(tokens.operator, 'POST', path, { share: made.share });
    const list = await answer<{ shares: object[] }>(
      ...[tokens.operator, 'GET', `/v1/conversations/${id}/shares`],
    );
    expect(list.shares).toMatchObject([{ share: made.share, by: 'boss', revokedBy: 'boss' }]);
    expect(JSON.stringify(list)).not.toContain(token.slice(6));
    for (const role of [tokens.observer, tokens.agent])
      expect((await send(role, 'POST', `/v1/conversations/${id}/share`, {})).status).toBe(403);
  });
});
