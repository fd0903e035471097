import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { wsFrame } from '../../../../tests/harness/raw-peer.ts';
import { dial, dialAgent, dialPlain, dialRaw, handshake, serveRouter } from './served-router.ts';

const until = (probe: () => unknown) => expect.poll(probe, { timeout: 60_000, interval: 10 });

/** Everything that a socket is sent, as it comes. */
const heard = (socket: Socket): { text: string; ended: boolean } => {
  const all = { text: '', ended: false };
  socket.on('data', (data) => {
    all.text += data.toString('latin1');
  });
  socket.on('close', () => {
    all.ended = true;
  });
  return all;
};

const upgraded = async (port: number): Promise<Socket> => {
  const socket = await dialRaw(port);
  socket.write(handshake(port));
  await new Promise((resolve) => socket.once('data', resolve));
  return socket;
};

describe('connections', () => {
  it('connections over the limit get an error, the probes are answered, and closed connections free their places', async () => {
    const { port } = await serveRouter({ connectionLimits: { total: 2, perAddress: 0 } });
    const first = dial(port);
    await first.opened;
    await dial(port).opened;
    await expect(dial(port).opened).rejects.toThrow(/503/);
    const url = `http://127.0.0.1:${port}`;
    const close = { headers: { connection: 'close' } };
    const refused = await fetch(`${url}/v1/agents`, close);
    expect(refused.status).toBe(503);
    expect(await refused.text()).toMatch(/ROUTER_MAX_CONNECTIONS/);
    expect((await fetch(`${url}/healthz`, close)).status).toBe(200);
    first.ws.close();
    await first.closed;
    await until(async () => (await fetch(`${url}/v1/agents`, close)).status).toBe(200);
  });

  it('connections of one address are limited as well, including silent ones', async () => {
    const { port } = await serveRouter({ connectionLimits: { total: 0, perAddress: 2 } });
    const silent = [await dialRaw(port), await dialRaw(port)];
    await expect(dial(port).opened).rejects.toThrow(/503/);
    for (const socket of silent) socket.destroy();
    await until(() =>
      dial(port).opened.then(
        () => 'open',
        () => 'refused',
      ),
    ).toBe('open');
  });

  it('connections over the limit that send nothing are closed soon', async () => {
    const { port } = await serveRouter({ connectionLimits: { total: 1, perAddress: 0 } });
    await dialRaw(port);
    const surplus = heard(await dialRaw(port));
    await until(() => surplus.ended).toBe(true);
  });
});

describe('a peer that does not register', () => {
  it('a peer that does not register is disconnected with 4006 at its deadline, whatever it sends meanwhile', async () => {
    const { port } = await serveRouter({ registerMs: 300 });
    const began = performance.now();
    const talker = dial(port);
    const silent = dial(port, { protocols: ['parley.v1'] });
    await talker.opened;
    const timer = setInterval(() => talker.send({ type: 'ping' }), 20);
    expect(await talker.closed).toMatchObject({ code: 4006 });
    expect(await silent.closed).toMatchObject({ code: 4006 });
    clearInterval(timer);
    expect(performance.now() - began).toBeGreaterThanOrEqual(300);
  });

  it('the deadline for the registration does not affect a registered peer', async () => {
    const { port } = await serveRouter({ registerMs: 100 });
    const client = await dialAgent(port, 'alice');
    const late = dial(port);
    await late.closed;
    expect(client.ws.readyState).toBe(client.ws.OPEN);
  });
});

describe('a peer over its rate', () => {
  it('frames of a peer over its rate are received no faster than its rate, and none is lost', async () => {
    const { port, router } = await serveRouter({ rate: { perSecond: 100, burst: 20 } });
    const client = await dialPlain(port, 'alice');
    const began = performance.now();
    for (let i = 0; i < 100; i++) client.send({ target: 'bob', text: `${i}` });
    const heardSoFar = () => router.metrics.frames.plain;
    await until(heardSoFar).toBe(102);
    // 2 frames of registration and 100 lines, of which 20 at once and the others at 100/s.
    expect(performance.now() - began).toBeGreaterThan(700);
    const bob = dial(port);
    await bob.opened;
    bob.send({ type: 'register', name: 'bob' });
    for (let i = 0; i < 100; i++) expect(await bob.next()).toMatchObject({ text: `${i}` });
  });

  it('all frames of a peer over its rate are received after it has disconnected', async () => {
    const { port } = await serveRouter({ rate: { perSecond: 50, burst: 5 } });
    const client = dial(port);
    await client.opened;
    client.send({ type: 'register', name: 'alice' });
    for (let i = 0; i < 50; i++) client.send({ target: 'bob', text: `${i}` });
    client.ws.close();
    await client.closed;
    const bob = dial(port);
    await bob.opened;
    bob.send({ type: 'register', name: 'bob' });
    for (let i = 0; i < 50; i++) expect(await bob.next()).toMatchObject({ text: `${i}` });
  });

  it('a peer over its rate is slowed down however its frames are packed', async () => {
    const { port, router } = await serveRouter({ rate: { perSecond: 1_000, burst: 10 } });
    const socket = await upgraded(port);
    const pings = Buffer.concat(Array.from({ length: 100 }, () => wsFrame('{"type":"ping"}')));
    let sent = 0;
    let stopped = false;
    const flood = () => {
      while (!stopped && socket.write(pings)) sent += 100;
      if (!stopped) socket.once('drain', flood);
    };
    const began = performance.now();
    flood();
    await until(() => router.metrics.frames.plain).toBeGreaterThan(1_000);
    const seconds = (performance.now() - began) / 1_000;
    stopped = true;
    expect(router.metrics.frames.plain).toBeLessThan(1_000 * seconds + 20);
    expect(sent).toBeGreaterThan(router.metrics.frames.plain);
  });
});

describe('a flood without a rate limit', () => {
  it('a flood without a rate limit is received in shares, so that other peers are answered meanwhile', async () => {
    const { port, router } = await serveRouter();
    const flooder = await upgraded(port);
    flooder.write(wsFrame('{"type":"register","name":"flood"}'));
    const chunk = Buffer.concat(Array.from({ length: 1_000 }, () => wsFrame('{"type":"ping"}')));
    let stopped = false;
    const flood = () => {
      while (!stopped && flooder.write(chunk));
      if (!stopped) flooder.once('drain', flood);
    };
    flood();
    await until(() => router.metrics.frames.plain).toBeGreaterThan(20_000);
    let turns = 0;
    let most = 0;
    let before = router.metrics.frames.plain;
    await new Promise<void>((resolve) => {
      const look = () => {
        most = Math.max(most, router.metrics.frames.plain - before);
        before = router.metrics.frames.plain;
        if (++turns < 200) setImmediate(look);
        else resolve();
      };
      setImmediate(look);
    });
    const asker = await dialPlain(port, 'asker');
    asker.send({ target: 'asker', text: 'x' });
    expect(await asker.next()).toMatchObject({ code: 'bad-target' });
    stopped = true;
    // Between two looks there may be the end of one turn and the beginning of the next.
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(2 * 64);
  });
});

describe('frames', () => {
  it('frames that are nested 32,000 deep are refused, and the router continues', async () => {
    const { port } = await serveRouter();
    for (const protocols of [undefined, ['parley.v1']]) {
      const client = dial(port, protocols && { protocols });
      await client.opened;
      for (const [open, close] of [
        ['[', ']'],
        ['{"a":', '}'],
        ['{"type":"register","name":', '}'],
      ] as const) {
        client.send(`${open.repeat(32_000)}1${close.repeat(32_000)}`.slice(0, 256 * 1_024));
        expect(await client.next()).toMatchObject({ code: expect.stringMatching(/bad-frame|too-large/) });
      }
      client.send(`{"target":"b","text":${'['.repeat(32_000)}1${']'.repeat(32_000)}}`);
      expect(await client.next()).toMatchObject({ code: expect.stringMatching(/bad-frame|not-registered/) });
    }
    await dialAgent(port, 'alice');
  });

  it('frames that are too large get a refusal, and much larger ones end the connection with 1009 unread', async () => {
    const { port } = await serveRouter();
    const client = await dialPlain(port, 'alice');
    client.send({ target: 'bob', text: 'x'.repeat(300_000) });
    expect(await client.next()).toMatchObject({ code: 'too-large' });
    const socket = await upgraded(port);
    const answer = heard(socket);
    // A header that announces a gibibyte, and nothing behind it.
    socket.write(Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0]));
    await until(() => answer.ended).toBe(true);
    expect(answer.text.slice(0, 4)).toBe('\x88\x02\x03\xf1');
  });

  it('binary frames end the connection with 1003', async () => {
    const { port } = await serveRouter();
    const client = await dialPlain(port, 'alice');
    client.ws.send(Buffer.from('{}'));
    expect(await client.closed).toMatchObject({ code: 1003 });
  });

  it('frames in thousands of fragments end the connection', async () => {
    const { port } = await serveRouter();
    const socket = await upgraded(port);
    const answer = heard(socket);
    socket.write(wsFrame('', { fin: false }));
    socket.write(Buffer.concat(Array.from({ length: 5_000 }, () => wsFrame('', { opcode: 0, fin: false }))));
    await until(() => answer.ended).toBe(true);
    expect(answer.text.charCodeAt(0)).toBe(0x88);
  });

  it('frames are never compressed, whatever the client offers', async () => {
    const { port } = await serveRouter();
    const client = dial(port, { perMessageDeflate: true });
    await client.opened;
    expect(client.ws.extensions).toBe('');
  });
});

describe('names', () => {
  it('names of built-in properties are treated like any other name', async () => {
    const { port } = await serveRouter();
    const names = ['constructor', 'toString', 'hasOwnProperty', 'valueOf', 'then'];
    const clients = await Promise.all(names.map((name) => dialPlain(port, name)));
    clients[0]!.send({ target: 'toString', text: 'hi' });
    expect(await clients[1]!.next()).toMatchObject({ from: 'constructor', text: 'hi' });
    clients[0]!.send('{"__proto__":{"target":"toString"},"text":"hi"}');
    expect(await clients[0]!.next()).toMatchObject({ code: 'bad-frame' });
    const proto = dial(port);
    await proto.opened;
    proto.send({ type: 'register', name: '__proto__' });
    expect(await proto.closed).toMatchObject({ code: 4003 });
  });

  it('names of 64 KiB are refused as fast as any other name', async () => {
    const { port } = await serveRouter();
    const client = dial(port);
    await client.opened;
    client.send({ type: 'register', name: `${'a'.repeat(65_000)}!` });
    expect(await client.next()).toMatchObject({ code: 'bad-frame' });
  });
});

describe('a request', () => {
  it('a request that ends in the middle of its body does not stop the router', async () => {
    const { port, server } = await serveRouter();
    const socket = await dialRaw(port);
    const began = new Promise<IncomingMessage>((resolve) => server.once('request', resolve));
    socket.write(
      `POST /v1/conversations HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"mem`,
    );
    const request = await began;
    const over = new Promise((resolve) => request.once('close', resolve));
    socket.resetAndDestroy();
    await over;
    await dialAgent(port, 'alice');
    expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
  });

  it('a request for an invalid URL is answered with 404', async () => {
    const { port } = await serveRouter();
    const socket = await dialRaw(port);
    const answer = heard(socket);
    socket.write(`GET //[ HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
    await until(() => answer.text).toMatch(/^HTTP\/1\.1 404/);
  });
});
