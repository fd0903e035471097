import { describe, expect, it } from 'vitest';
import { dial, dialAgent, dialPlain, dialRaw, handshake, serveRouter } from './served-router.ts';

const until = (probe: () => unknown) => expect.poll(probe, { timeout: 60_000, interval: 20 });
const beats = { heartbeatMs: 1_000 };

/** A masked text frame with a masking key of zeros. */
const text = (frame: object): Buffer => {
  const body = Buffer.from(JSON.stringify(frame));
  return Buffer.concat([Buffer.from([0x81, 0x80 | body.length, 0, 0, 0, 0]), body]);
};

/** A plain client that answers no ping, like one whose only thread waits for its model. */
const dialBlocked = async (port: number, name: string) => {
  const client = dial(port, { autoPong: false });
  await client.opened;
  client.send({ type: 'register', name });
  return client;
};

describe('a peer that answers no ping', { timeout: 120_000 }, () => {
  it('a peer that answers no ping keeps its connection while it owes a reply, and is disconnected after its answer was accepted', async () => {
    const { port, metric } = await serveRouter(beats);
    const bob = await dialBlocked(port, 'bob');
    const ann = await dialPlain(port, 'ann');
    const idle = await dialBlocked(port, 'idle');
    ann.send({ target: 'bob', text: 'Think.' });
    expect(await bob.next()).toMatchObject({ text: 'Think.' });
    // As long as this connection lasts that one has been silent, too.
    expect((await idle.closed).code).toBe(4201);
    await until(() => metric('parley_connections{dialect="plain"}')).toBe(2);
    bob.send({ target: 'ann', text: 'I have thought.' });
    expect(await ann.next()).toMatchObject({ text: 'I have thought.' });
    expect((await bob.closed).code).toBe(4201);
  });

  it('a peer that answers no ping is disconnected when it is an agent without a turn', async () => {
    const { port } = await serveRouter(beats);
    const agent = await dialAgent(port, 'ann', { autoPong: false });
    expect([1006, 4201]).toContain((await agent.closed).code);
  });

  it('messages that a silent peer sends before it reads the close frame are accepted', async () => {
    const { port } = await serveRouter(beats);
    const ann = await dialPlain(port, 'ann');
    const socket = await dialRaw(port);
    socket.write(handshake(port));
    socket.write(text({ type: 'register', name: 'idle' }));
    const closing = Promise.withResolvers<void>();
    socket.on('data', (bytes) => {
      // The close frame, with its code of 4201.
      if (bytes.includes(Buffer.from([0x10, 0x69]))) closing.resolve();
    });
    await closing.promise;
    socket.write(text({ target: 'ann', text: 'Are you there?' }));
    expect(await ann.next()).toMatchObject({ from: 'idle', text: 'Are you there?' });
  });
});

describe('a peer that answers the newest ping alone', { timeout: 120_000 }, () => {
  it('a peer that answers the newest ping alone has confirmed all frames that were sent before it', async () => {
    const { port } = await serveRouter();
    const bob = await dialBlocked(port, 'bob');
    let newest: Buffer | undefined;
    bob.ws.on('ping', (payload) => {
      newest = payload;
    });
    const ann = await dialPlain(port, 'ann');
    for (let i = 0; i < 3; i++) {
      ann.send({ target: 'bob', text: `message ${i}` });
      expect(await bob.next()).toMatchObject({ text: `message ${i}` });
      newest = undefined;
      await until(() => newest !== undefined).toBe(true);
    }
    bob.send({ target: 'ann', text: 'I have heard all.' });
    await ann.next();
    await new Promise((resolve) => bob.ws.pong(newest, undefined, resolve));
    bob.ws.terminate();
    const again = await dialPlain(port, 'bob');
    ann.send({ target: 'bob', text: 'the next' });
    expect(await again.next()).toMatchObject({ text: 'the next' });
  });
});
