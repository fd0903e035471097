import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { Outgoing } from '../../src/quota/outgoing.ts';
import { SocketConnection, WriteCoalescer } from '../../src/socket/connection.ts';
import { dial, dialAgent, serveRouter } from './served-router.ts';

const until = (probe: () => unknown) => expect.poll(probe, { timeout: 60_000, interval: 20 });

describe('control frames of a peer', { timeout: 120_000 }, () => {
  it('a peer that sends many pings at once keeps its connection, and its newest ping is answered', async () => {
    const { port } = await serveRouter();
    const client = await dialAgent(port, 'ann');
    const pongs: string[] = [];
    client.ws.on('pong', (payload) => pongs.push(String(payload)));
    for (let ping = 1; ping <= 1_000; ping++) client.ws.ping(String(ping));
    await until(() => pongs.at(-1)).toBe('1000');
    client.send({ type: 'history', conversation: 'none' });
    expect(await client.nextOf('refused')).toMatchObject({ code: 'unknown-conversation' });
  });

  it('a peer that sends few pings at once is answered each of them, in order', async () => {
    const { port } = await serveRouter();
    const client = await dialAgent(port, 'ann');
    const pongs: string[] = [];
    client.ws.on('pong', (payload) => pongs.push(String(payload)));
    const sent = Array.from({ length: 16 }, (_, ping) => `ping ${ping}`);
    for (const ping of sent) client.ws.ping(ping);
    await until(() => pongs).toEqual(sent);
  });

  it('what waits for a peer that sends pings and never reads is bounded', () => {
    const written: { readonly payload: string; readonly done: () => void }[] = [];
    const ws = {
      readyState: 1,
      OPEN: 1,
      get bufferedAmount() {
        return written.reduce((sum, { payload }) => sum + payload.length + 2, 0);
      },
      pong: (payload: Buffer, _mask: boolean, done: () => void) =>
        void written.push({ payload: String(payload), done }),
    };
    const outgoing = new Outgoing({ limit: 1e6, flush() {} });
    const connection = new SocketConnection(
      ws as unknown as WebSocket,
      new PassThrough(),
      new WriteCoalescer(),
      outgoing,
    );
    for (let ping = 1; ping <= 100_000; ping++) connection.pong(Buffer.from(`ping ${ping}`));
    expect(written.map(({ payload }) => payload)).toEqual(
      Array.from({ length: 16 }, (_, at) => `ping ${at + 1}`),
    );
    expect(outgoing.measure()).toBe(ws.bufferedAmount);
    expect([connection.stalledFor(1_000), connection.stalledFor(9_000)]).toEqual([0, 8_000]);
    for (const { done } of written.splice(0, 16)) done();
    expect([connection.stalledFor(10_000), connection.stalledFor(20_000)]).toEqual([0, 0]);
    expect(written.map(({ payload }) => payload)).toEqual(['ping 100000']);
  });

  it.each([
    ['pings', (ws: WebSocket, at: number) => ws.ping(String(at))],
    ['pongs that answer no ping', (ws: WebSocket, at: number) => ws.pong(String(at))],
  ])('%s count for the rate of a connection, which is only slowed down', async (_what, send) => {
    const { port, metric } = await serveRouter({ rate: { perSecond: 1_000, burst: 20 } });
    const client = dial(port, { protocols: ['parley.v1'] });
    await client.opened;
    for (let at = 1; at <= 200; at++) send(client.ws, at);
    client.send({ type: 'register', name: 'ann' });
    expect(await client.nextOf('welcome')).toMatchObject({ name: 'ann' });
    expect(await metric('parley_rejections_total{reason="rate"}')).toBe(1);
  });

  it('answers to the pings of the router do not count for the rate', async () => {
    const { port, metric } = await serveRouter({ rate: { perSecond: 0.001, burst: 4 }, heartbeatMs: 1_000 });
    const client = dial(port, { protocols: ['parley.v1'] });
    let pings = 0;
    client.ws.on('ping', () => pings++);
    await client.opened;
    client.send({ type: 'register', name: 'ann' });
    await until(() => pings).toBeGreaterThan(3);
    client.send({ type: 'history', conversation: 'none' });
    expect(await client.nextOf('refused')).toMatchObject({ code: 'unknown-conversation' });
    expect(await metric('parley_rejections_total{reason="rate"}')).toBe(0);
  });
});
