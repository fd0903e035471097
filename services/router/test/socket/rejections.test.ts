import { once } from 'node:events';
import { createConnection } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { until } from '../../../../tests/harness/poll.ts';
import { type LoggedRejection, Rejections, rejectionReasons } from '../../src/http/server/rejections.ts';
import { openAuthenticator } from '../../src/identity/authenticator.ts';
import { alice, authenticator, bearer } from './bearers.ts';
import { dial, dialAgent, dialRaw, handshake, serveRouter } from './served-router.ts';

const json = { method: 'POST', headers: { 'content-type': 'application/json' } };

const start = async (options: Parameters<typeof serveRouter>[0] = {}) => {
  const told: LoggedRejection[] = [];
  const served = await serveRouter({
    authenticator,
    onRejection: (rejection) => told.push(rejection),
    ...options,
  });
  const counted = (reason: string) => served.metric(`parley_rejections_total{reason="${reason}"}`);
  const get = (path: string, init: RequestInit = {}) => fetch(`http://127.0.0.1:${served.port}${path}`, init);
  return { ...served, told, counted, get };
};

describe('a refusal', () => {
  it.each<[string, (port: number) => Promise<unknown>]>([
    ['unauthenticated', (port) => fetch(`http://127.0.0.1:${port}/v1/agents`)],
    ['role', (port) => fetch(`http://127.0.0.1:${port}/v1/agents`, bearer(alice.token))],
    ['token-in-url', (port) => fetch(`http://127.0.0.1:${port}/v1/agents?token=x`)],
    ['origin', (port) => dial(port, { origin: 'http://evil.example' }).opened],
    ['host', (port) => dial(port, { headers: { host: 'evil.example' } }).opened],
    ['subprotocol', (port) => dial(port, { protocols: ['mqtt'] }).opened],
    ['unauthenticated', (port) => dial(port, bearer('no-such-token')).closed],
    [
      'name-refused',
      async (port) => {
        const client = dial(port, { protocols: ['parley.v1'], ...bearer(alice.token) });
        await client.opened;
        client.send({ type: 'register', name: 'bob' });
        return client.closed;
      },
    ],
    ['malformed', async (port) => (await dialRaw(port)).write('NOT HTTP\r\n\r\n')],
    [
      'malformed',
      async (port) => (await dialRaw(port)).write(handshake(port).replace('Version: 13', 'Version: 7')),
    ],
    ['token-in-url', (port) => fetch(`http://127.0.0.1:${port}/v1/agents?access_${'%74'}oken=x`)],
  ])('a rejection is counted and logged with its reason and address: %s', async (reason, ask) => {
    const { port, told, counted } = await start();
    await ask(port).catch(() => {});
    await expect.poll(() => counted(reason)).toBe(1);
    expect(told).toMatchObject([{ reason, address: expect.stringMatching(/127\.0\.0\.1$/) }]);
    expect(JSON.stringify(told)).not.toContain('token=');
  });

  it.each<[string, string, RequestInit]>([
    ['not-found', '/v1/nothing', {}],
    ['not-found', '//', {}],
    ['not-found', '/v1/conversations/none', {}],
    ['method', '/v1/conversations', { method: 'PUT' }],
    ['bad-request', '/v1/conversations', { ...json, body: '{"members":[]}' }],
    ['bad-request', '/v1/conversations/none/prompt?seq=x', {}],
    ['too-large', '/v1/conversations', { ...json, body: ' '.repeat(300_000) }],
    ['media-type', '/v1/conversations', { method: 'POST', body: '{"members":["ann","bob"]}' }],
  ])(
    'a refused request is counted and logged with its reason and address: %s for %s',
    async (reason, path, init) => {
      const { told, counted, get } = await start({ authenticator: openAuthenticator });
      const before = await counted(reason);
      expect((await get(path, init)).status).toBeGreaterThanOrEqual(400);
      expect(await counted(reason)).toBe(before + 1);
      const address = expect.stringMatching(/127\.0\.0\.1$/);
      expect(told).toEqual([{ reason, address, about: expect.stringMatching(/^(GET|POST|PUT)/) }]);
      expect(JSON.stringify(told)).not.toContain('none');
    },
  );

  it.each<[string, string, number[]]>([
    ['malformed', 'without a mask', [0x81, 1, 0x78]],
    ['malformed', 'with a reserved bit', [0xc1, 0x80, 0, 0, 0, 0]],
    ['malformed', 'of an unknown kind', [0x83, 0x80, 0, 0, 0, 0]],
    ['malformed', 'that is no UTF-8', [0x81, 0x81, 0, 0, 0, 0, 0xff]],
    ['malformed', 'that continues nothing', [0x80, 0x80, 0, 0, 0, 0]],
    ['too-large', 'of four GiB', [0x81, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]],
  ])('a connection that a frame ends is counted and logged as %s: %s', async (reason, _frame, bytes) => {
    const { port, told, counted } = await start({ authenticator: openAuthenticator });
    const socket = (await dialRaw(port)).resume();
    socket.write(Buffer.concat([Buffer.from(handshake(port)), Buffer.from(bytes)]));
    await once(socket, 'close');
    await expect.poll(() => counted(reason), { timeout: 30_000 }).toBe(1);
    const address = expect.stringMatching(/127\.0\.0\.1$/);
    expect(told).toEqual([{ reason, address, about: expect.stringMatching(/^WS_ERR_/) }]);
  });

  it('a request that the conversation refuses, and a reused idempotency key, are counted and logged', async () => {
    const { told, counted, get } = await start({ authenticator: openAuthenticator });
    const keyed = (body: string) => ({
      ...json,
      body,
      headers: { ...json.headers, 'idempotency-key': 'once' },
    });
    const opened = await get('/v1/conversations', keyed('{"members":["ann","bob"]}'));
    const { conversation } = (await opened.json()) as { conversation: string };
    expect(told).toEqual([]);
    expect((await get('/v1/conversations', keyed('{"members":["ann","carl"]}'))).status).toBe(422);
    const end = () => get(`/v1/conversations/${conversation}/end`, { ...json, body: '{}' });
    expect((await end()).status).toBe(200);
    expect((await end()).status).toBe(409);
    expect(await counted('conflict')).toBe(1);
    expect(told).toMatchObject([
      { reason: 'idempotency-key', about: 'POST /v1/conversations' },
      { reason: 'conflict', about: 'POST /v1/conversations/{id}/end' },
    ]);
  });

  it('a connection that sends more requests than may wait is counted, and one that its peer breaks off is not', async () => {
    const { port, told, counted } = await start({ authenticator: openAuthenticator });
    const left = await dialRaw(port);
    left.write('GET /v1/me HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ');
    await until('the router has the connection', () => left.bytesWritten > 0 && left.writableLength === 0);
    left.resetAndDestroy();
    const greedy = (await dialRaw(port)).resume();
    greedy.write('GET /v1/scenarios HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'.repeat(200));
    await once(greedy, 'close');
    expect(told.map(({ reason }) => reason)).toEqual(['pipelined']);
    expect(await counted('pipelined')).toBe(1);
  });

  it.each(['Origin: http://evil.example', 'Sec-WebSocket-Protocol: mqtt'])(
    'a peer that keeps the connection open after its handshake was refused is cut off: %s',
    async (header) => {
      const { server, port } = await start();
      const socket = createConnection({ port, host: '127.0.0.1', allowHalfOpen: true });
      socket.on('error', () => {});
      onTestFinished(() => void socket.destroy());
      socket.resume().write(handshake(port, `${header}\r\n`));
      await once(socket, 'end');
      const open = () =>
        new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)));
      await until('the router has closed its side', async () => (await open()) === 0);
    },
  );

  it('a refusal for the number of connections is counted, also for connections that never send a request', async () => {
    const { port, counted } = await start({ connectionLimits: { total: 1, perAddress: 0 } });
    const silent = await Promise.all([dialRaw(port), dialRaw(port), dialRaw(port)]);
    await expect.poll(() => counted('connections')).toBe(2);
    for (const socket of silent) socket.destroy();
  });

  it('a refusal of a peer over its rate is logged once, and the peer is only slowed down', async () => {
    const { port, counted } = await start({ rate: { perSecond: 1_000, burst: 2 } });
    const client = await dialAgent(port, 'alice', bearer(alice.token));
    for (let i = 0; i < 50; i++) client.send({ type: 'ping' });
    client.send({ type: 'history', conversation: 'none' });
    await client.nextOf('refused');
    expect(await counted('rate')).toBe(1);
  });

  it('refusals are logged five times in ten seconds for each reason, with the number of those that were left out', () => {
    let now = 0;
    const told: LoggedRejection[] = [];
    const rejections = new Rejections(
      (rejection) => told.push(rejection),
      () => now,
    );
    const flood = (reason: LoggedRejection['reason'], count: number) => {
      for (let i = 0; i < count; i++)
        rejections.note({ reason, address: '10.0.0.1', about: 'x'.repeat(1_000) });
    };
    flood('origin', 1_000);
    flood('host', 1);
    expect(told.map(({ reason }) => reason)).toEqual([...Array(5).fill('origin'), 'host']);
    now = 10_000;
    flood('origin', 1);
    expect(told.at(-1)).toEqual({
      reason: 'origin',
      address: '10.0.0.1',
      about: 'x'.repeat(200),
      suppressed: 995,
    });
    expect(rejections.counts.get('origin')).toBe(1_001);
    expect([...rejections.counts.keys()]).toEqual([...rejectionReasons]);
  });
});
