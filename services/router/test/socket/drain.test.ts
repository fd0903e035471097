import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { dialAgent, serveRouter } from './served-router.ts';

/** No test waits for it. */
const anHourMs = 3_600_000;

describe('a router that drains', () => {
  it('a router that drains does not wait for the answer of an agent whose connection ends', async () => {
    const router = await serveRouter();
    const ann = await dialAgent(router.port, 'ann');
    ann.send({ type: 'open', ref: 'r', members: ['ann', 'bob'] });
    await ann.nextOf('turn');
    const drained = router.drain(anHourMs);
    await ann.nextOf('draining');
    ann.ws.terminate();
    await drained;
    expect(router.router.grants.count).toBe(0);
  });

  it('a router that drains waits for the answers of its agents, and ends when the last has come', async () => {
    const router = await serveRouter();
    const ann = await dialAgent(router.port, 'ann');
    ann.send({ type: 'open', ref: 'r', members: ['ann', 'bob'] });
    const { conversation, turn } = await ann.nextOf('turn');
    const drained = router.drain(anHourMs);
    await ann.nextOf('draining');
    ann.send({ type: 'say', conversation, turn, text: 'Goodbye.' });
    expect(await ann.nextOf('accepted')).toMatchObject({ conversation, turn });
    await drained;
    expect(await ann.closed).toMatchObject({ code: 4200 });
  });
});

/** A connection of its own, with the text that it has received. */
const connected = async (
  port: number,
): Promise<{ socket: Socket; received(part: string): Promise<void> }> => {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  await new Promise((resolve) => socket.once('connect', resolve));
  let text = '';
  socket.setEncoding('utf8').on('data', (data: string) => {
    text += data;
  });
  return {
    socket,
    async received(part) {
      while (!text.includes(part)) await new Promise((resolve) => socket.once('data', resolve));
    },
  };
};

const get = (path: string) => `GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`;
const ended = (socket: Socket) => new Promise((resolve) => socket.once('close', resolve));

describe('the requests of a router that stops', () => {
  it('no request reaches a router that has closed: its port and the connections that clients keep are closed', async () => {
    const { port, drain, close } = await serveRouter();
    const { socket, received } = await connected(port);
    socket.write(get('/v1/conversations'));
    await received('"total":0');
    const isOver = ended(socket);
    await drain(0);
    await close(anHourMs);
    await isOver;
    await expect(fetch(`http://127.0.0.1:${port}/v1/conversations`)).rejects.toThrow();
  });

  it('a connection is closed after its response while the router drains, so that its client goes to another router', async () => {
    const { port, drain } = await serveRouter();
    const ann = await dialAgent(port, 'ann');
    ann.send({ type: 'open', ref: 'r', members: ['ann', 'bob'] });
    await ann.nextOf('turn');
    const drained = drain(anHourMs);
    const response = await fetch(`http://127.0.0.1:${port}/v1/conversations`);
    expect(response.status).toBe(200);
    expect(response.headers.get('connection')).toBe('close');
    ann.ws.terminate();
    await drained;
  });

  it('a router that closes sends the response to a request that it is reading', async () => {
    const { port, close } = await serveRouter();
    const { socket, received } = await connected(port);
    const body = '{"reason":"enough"}';
    const head = `content-type: application/json\r\ncontent-length: ${body.length}`;
    socket.write(
      `POST /v1/conversations/none/end HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\n${head}\r\n\r\n`,
    );
    // The router has the head of the request and waits for its body.
    await received('100 Continue');
    const closed = close(anHourMs);
    socket.write(body);
    await received('unknown-conversation');
    await closed;
  });

  it('a router that closes ends the event streams, and cuts off a request that does not come to its end', async () => {
    const { port, close } = await serveRouter();
    const events = await fetch(`http://127.0.0.1:${port}/v1/events`);
    const { socket, received } = await connected(port);
    socket.write(
      'POST /v1/conversations/none/end HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n',
    );
    await received('100 Continue');
    await close(500);
    expect(await events.text()).toContain('retry: 1000');
  });
});
