import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { httpExchange } from '../../src/models/openai/connection/http-exchange.ts';
import { modelServer } from './model-server.ts';

describe('an answer that is called off', () => {
  it('an aborted HTTP answer leaves no uncaught error, also when the answer has just become complete', async () => {
    const server = await modelServer((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end('data: {"choices":[{"delta":{"content":"word "}}]}\n\n'.repeat(2_000));
    });
    const uncaught: unknown[] = [];
    const note = (error: unknown) => uncaught.push(error);
    process.prependListener('uncaughtException', note);
    onTestFinished(() => void process.off('uncaughtException', note));
    const exchange = httpExchange({ http: undefined, https: undefined, except: undefined });
    const url = new URL(`${server.url}/chat/completions`);
    const read = async (callOffAfter: number): Promise<number> => {
      const controller = new AbortController();
      const { signal } = controller;
      const answer = await exchange({ url, method: 'POST', headers: {}, body: '{}', signal });
      let pieces = 0;
      try {
        for await (const _ of answer.body) if (++pieces === callOffAfter) controller.abort();
        answer.drain();
      } catch {
        answer.close();
      }
      return pieces;
    };
    const whole = await read(Number.POSITIVE_INFINITY);
    for (let i = 0; i < 60; i++) await read(1 + (i % (whole + 1)));
    expect(uncaught).toEqual([]);
  });
});

describe('a request', () => {
  const proxies = { http: undefined, https: undefined, except: undefined };
  /** An exchange, and what it told of its requests. */
  const watched = () => {
    const told: string[] = [];
    const exchange = httpExchange(proxies, (url) => {
      told.push(`asking ${url.host}`);
      return () => told.push('taken');
    });
    return { exchange, told };
  };

  it('a request counts as taken when a server has received it completely, however long its answer takes', async () => {
    let answer = (): void => {};
    const server = await modelServer((response) => {
      answer = () => void response.end('{}');
    });
    const { exchange, told } = watched();
    const url = new URL(`${server.url}/chat/completions`);
    const { signal } = new AbortController();
    const asked = exchange({ url, method: 'POST', headers: {}, body: '{}', signal });
    await expect.poll(() => server.asked.length).toBe(1);
    await expect.poll(() => told[1]).toBe('taken');
    answer();
    (await asked).drain();
  });

  it('a request does not count as taken by a server that accepts the connection and answers no TLS handshake', async () => {
    const accepted = Promise.withResolvers<void>();
    const silent = createServer((socket) => {
      socket.on('error', () => {});
      accepted.resolve();
    });
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void silent.close());
    const { port } = silent.address() as AddressInfo;
    const { exchange, told } = watched();
    const controller = new AbortController();
    const url = new URL(`https://127.0.0.1:${port}/v1/chat/completions`);
    const asked = exchange({ url, method: 'POST', headers: {}, body: '{}', signal: controller.signal });
    await accepted.promise;
    expect(told).toEqual([`asking 127.0.0.1:${port}`]);
    controller.abort();
    await expect(asked).rejects.toThrow();
    await expect.poll(() => told[1]).toBe('taken');
  });
});
