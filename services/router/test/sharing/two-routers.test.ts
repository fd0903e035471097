import type { AgentView } from '@parley/protocol';
import { describe, expect, it } from 'vitest';
import { hasNats } from '../../../../tests/harness/nats-servers.ts';
import { until } from '../../../../tests/harness/poll.ts';
import { joinRouter } from '../cluster/joined-router.ts';
import { roleAuthenticator, takeTurn, tokens } from '../http/operator.ts';
import { natsOfTests } from '../ledger/jetstream/nats-of-tests.ts';
import { dial, dialAgent, dialPlain, serveRouter, type TestClient } from '../socket/served-router.ts';

const agent = { headers: { authorization: `Bearer ${tokens.agent}` } };

describe.skipIf(!hasNats)('two routers on one stream', { timeout: 120_000 }, () => {
  const nats = natsOfTests();

  const start = async (options: Parameters<typeof serveRouter>[0] = {}) => {
    const stream = nats.options();
    const serve = async (name: string) => {
      const { ledger, cluster } = await joinRouter(stream, name);
      const served = await serveRouter({ ledger, cluster, ...options });
      const send = async (token: string, method: string, path: string, body?: object) =>
        fetch(`http://127.0.0.1:${served.port}${path}`, {
          method,
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          ...(body && { body: JSON.stringify(body) }),
        });
      const ask = async <T>(method: string, path: string, body?: object): Promise<T> =>
        (await (await send(tokens.operator, method, path, body)).json()) as T;
      return { ...served, send, ask };
    };
    return { a: await serve('a'), b: await serve('b') };
  };

  const known = (what: string, isTrue: () => boolean): Promise<unknown> =>
    until(what, async () => isTrue() || undefined, 60_000);

  it('a conversation that one router opened can be read, changed and joined over the other router', async () => {
    const { a, b } = await start({ authenticator: roleAuthenticator() });
    const ann = await dialAgent(a.port, 'ann', agent);
    const bob = await dialAgent(b.port, 'bob', agent);
    await known('a knows bob', () => a.router.presence.isAgent('bob'));
    const opening = { members: ['ann', 'bob'], policy: 'round-robin', limits: { maxTurns: 4 } };
    const { conversation } = await a.ask<{ conversation: string }>('POST', '/v1/conversations', opening);
    const page = `/v1/conversations/${conversation}`;
    // At once, before the other router can have heard of it by chance.
    expect(await b.ask('GET', page)).toMatchObject({ conversation: { id: conversation } });
    await takeTurn(ann, 'from ann');
    await takeTurn(bob, 'from bob');
    expect(await b.ask('POST', `${page}/end`, { detail: 'enough' })).toMatchObject({ conversation });
    await known('a has the ending', () => a.router.conversations.get(conversation) === undefined);
    expect(await a.ask('GET', page)).toMatchObject({ conversation: { status: 'ended' } });
  });

  it('the agents of both routers are listed by each of them, with the router of each replica', async () => {
    const { a, b } = await start();
    await dialAgent(a.port, 'ann', {}, { capacity: 2 });
    await dialAgent(b.port, 'ann', {}, { capacity: 3 });
    await dialPlain(b.port, 'pat');
    await known('a knows pat', () => a.router.presence.isPlain('pat') && a.router.presence.connected === 2);
    await known('a knows both replicas', () => [...a.router.presence.modelsOf('ann')].length === 2);
    await known('b knows both replicas', () => [...b.router.presence.modelsOf('ann')].length === 2);
    for (const { ask } of [a, b]) {
      const { agents } = await ask<{ agents: AgentView[] }>('GET', '/v1/agents');
      expect(agents).toMatchObject([
        { name: 'ann', dialect: 'v1', replicas: 2, capacity: 5, active: 0 },
        { name: 'pat', dialect: 'plain', replicas: 1, router: 'b' },
      ]);
      const places = agents[0]?.each?.map(({ router, capacity }) => `${router} ${capacity}`);
      expect(places?.toSorted()).toEqual(['a 2', 'b 3']);
    }
  });

  it('a plain client that moves from one router to the other gets the unconfirmed messages again, and no others', async () => {
    const { a, b } = await start();
    const ann = await dialPlain(b.port, 'ann');
    const arrive = async (port: number, autoPong: boolean): Promise<TestClient> => {
      const client = dial(port, { autoPong });
      await client.opened;
      client.send({ type: 'register', name: 'bob' });
      return client;
    };
    const texts: unknown[] = [];
    const message = async (client: TestClient) => texts.push((await client.nextOf('message')).text);
    for (let round = 0; round < 3; round++) {
      // At the first router it confirms nothing.
      const first = await arrive(a.port, false);
      await known('bob is at a', () => a.router.presence.plainClient('bob') !== undefined);
      ann.send({ target: 'bob', text: `unconfirmed ${round}` });
      await message(first);
      const second = await arrive(b.port, true);
      expect(await first.closed).toMatchObject({ code: 4010 });
      await message(second);
      ann.send({ target: 'bob', text: `confirmed ${round}` });
      await message(second);
      await known('bob has confirmed', () => !b.router.mailboxes.get('bob')?.oldestPosition);
    }
    const round = (number: number) => [
      ...[`unconfirmed ${number}`, `unconfirmed ${number}`, `confirmed ${number}`],
    ];
    expect(texts).toEqual([...round(0), ...round(1), ...round(2)]);
  });

  it('an agent that registers at one router takes over from its connection to the other, where the rule says so', async () => {
    const { a, b } = await start({ duplicates: 'takeover' });
    const first = await dialAgent(a.port, 'ann');
    await known('b knows ann', () => b.router.presence.isAgent('ann'));
    await dialAgent(b.port, 'ann');
    expect(await first.closed).toMatchObject({ code: 4010 });
    await known('ann is at b alone', () => a.router.presence.replicasOf('ann').size === 0);
    expect(b.router.presence.replicasOf('ann').size).toBe(1);
  });

  it('an agent is refused for a time by one router while it is connected to the other, where the rule says so', async () => {
    const { a, b } = await start({ duplicates: 'reject' });
    const first = await dialAgent(a.port, 'ann');
    await known('b knows ann', () => b.router.presence.isAgent('ann'));
    const second = dial(b.port, { protocols: ['parley.v1'] });
    await second.opened;
    second.send({ type: 'register', name: 'ann' });
    expect(await second.next()).toMatchObject({ code: 'unavailable' });
    expect(await second.closed).toMatchObject({ code: 4100 });
    first.ws.close();
    await known('b knows that ann has gone', () => !b.router.presence.isConnected('ann'));
    await dialAgent(b.port, 'ann');
  });

  it('a share link that one router has made is valid at the other, and ends at both when either revokes it', async () => {
    const { a, b } = await start({ authenticator: roleAuthenticator() });
    const opening = { members: ['ann', 'bob'], policy: 'round-robin' };
    const { conversation } = await a.ask<{ conversation: string }>('POST', '/v1/conversations', opening);
    const page = `/v1/conversations/${conversation}`;
    const { share, token } = await a.ask<{ share: string; token: string }>('POST', `${page}/share`, {});
    await until('b knows the link', async () => (await b.send(token, 'GET', page)).status === 200, 60_000);
    expect(await b.ask('GET', `${page}/shares`)).toMatchObject({ shares: [{ share }] });
    expect((await b.send(tokens.operator, 'POST', `${page}/unshare`, { share })).status).toBe(200);
    expect((await b.send(token, 'GET', page)).status).toBe(401);
    await until('the link ends at a', async () => (await a.send(token, 'GET', page)).status === 401, 60_000);
  });
});
