import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Rejections } from '../../src/http/server/rejections.ts';
import { endWith, Responses } from '../../src/http/server/responses.ts';
import { Outgoing } from '../../src/quota/outgoing.ts';

const mebibyte = 1024 * 1024;
const large = Buffer.alloc(32 * mebibyte, 'x');

/** A server that answers each request with its path and a large body, or a small one for /small. */
const serve = async ({ limit = 1e12, stalledMs = 10_000 } = {}) => {
  const outgoing = new Outgoing({ limit, flush() {} });
  const rejections = new Rejections(
    () => {},
    () => performance.now(),
  );
  const responses = new Responses({ outgoing, stalledMs, rejections });
  const begun: string[] = [];
  const server = createServer((request, response) =>
    responses.inOrder(request, response, () => {
      begun.push(request.url ?? '');
      endWith(response, request.url === '/small' ? Buffer.from('small') : large);
    }),
  );
  const sweeper = setInterval(() => responses.sweep(performance.now()), 50);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  onTestFinished(() => {
    clearInterval(sweeper);
    server.closeAllConnections();
    server.close();
  });
  const open = new Set<Socket>();
  server.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  const dial = (): Socket => {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    onTestFinished(() => void socket.destroy());
    return socket;
  };
  return { port, outgoing, begun, open, dial, refused: rejections.counts };
};

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

describe('a peer that asks over HTTP and does not read', () => {
  it('a peer that does not read its HTTP response is disconnected when it has taken nothing for some time', async () => {
    const { dial, open, begun } = await serve({ stalledMs: 300 });
    const stuck = dial().pause();
    stuck.write(get('/a'));
    await expect.poll(() => begun).toEqual(['/a']);
    await expect.poll(() => open.size, { timeout: 60_000 }).toBe(0);
  });

  it('a peer that does not read has one HTTP response at a time on a connection, however many it requests at once', async () => {
    const { dial, begun, port } = await serve();
    dial()
      .pause()
      .write(`${get('/a')}${get('/b')}${get('/c')}`);
    await expect.poll(() => begun).toEqual(['/a']);
    expect(await (await fetch(`http://127.0.0.1:${port}/small`)).text()).toBe('small');
    expect(begun).toEqual(['/a', '/small']);
  });

  it('a peer that sends more HTTP requests at once than may wait is disconnected', async () => {
    const { dial, open, begun } = await serve();
    dial().pause().write(get('/a').repeat(30));
    await expect.poll(() => begun).toEqual(['/a']);
    await expect.poll(() => open.size).toBe(0);
  });

  it('a peer that does not read is disconnected when all HTTP responses together are too large, and a peer that reads is answered', async () => {
    const { dial, open, outgoing, begun, port } = await serve({ limit: 4 * large.length });
    for (let i = 0; i < 20; i++) dial().pause().write(get('/a'));
    await expect.poll(() => begun.length).toBe(20);
    await expect.poll(() => open.size).toBeLessThan(6);
    expect(outgoing.measure()).toBeLessThanOrEqual(4 * large.length);
    expect(await (await fetch(`http://127.0.0.1:${port}/small`)).text()).toBe('small');
  });
});

describe('a peer that asks for several things at once over HTTP', () => {
  it('several HTTP requests of one connection are answered completely and in order', async () => {
    const { dial } = await serve();
    const peer = dial();
    let bytes = 0;
    let tail = '';
    peer.on('data', (data) => {
      bytes += data.length;
      tail = (tail + data).slice(-500);
    });
    peer.write(`${get('/a')}${get('/b')}${get('/small')}`);
    await expect.poll(() => tail.endsWith('small'), { timeout: 60_000 }).toBe(true);
    expect(bytes).toBeGreaterThan(2 * large.length);
    expect(bytes).toBeLessThan(2 * large.length + 2_000);
  });
});
