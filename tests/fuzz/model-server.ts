import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { Random } from './random.ts';
import { oddJson, oddText } from './shapes.ts';

type Answer = (response: ServerResponse, random: Random) => void | Promise<void>;

const usages = [-1, 1.5, '7', null, 1e308, Number.MAX_SAFE_INTEGER, { x: 1 }, 3];
const usage = (random: Random) => ({
  prompt_tokens: random.of(usages),
  completion_tokens: random.of(usages),
});
const chunk = (random: Random, content: unknown = oddText(random).slice(0, 300)) =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }], ...(random.chance(0.2) && { usage: usage(random) }) })}\n\n`;
const whole = (random: Random) =>
  JSON.stringify({
    choices: [{ message: { content: oddText(random), reasoning_content: oddText(random) } }],
    usage: usage(random),
  });
const stream = { 'content-type': 'text/event-stream' };
const json = { 'content-type': 'application/json' };

/** WriteCoalescer as much of it as is read, up to 64 MiB. */
const flood = async (response: ServerResponse, part: string): Promise<void> => {
  for (let sent = 0; sent < 64 * 1024 * 1024 && !response.destroyed; sent += part.length)
    if (!response.write(part))
      await new Promise((resolve) => response.once('drain', resolve).once('close', resolve));
  response.end();
};

const bomb = gzipSync(
  Buffer.concat([Buffer.from('{"choices":[{"message":{"content":"'), Buffer.alloc(80_000_000, 97)]),
);

const answers: readonly Answer[] = [
  (response, random) => void response.writeHead(200, json).end(whole(random)),
  (response, random) =>
    void response.writeHead(200, stream).end(`${chunk(random).repeat(3)}data: [DONE]\n\n`),
  (response, random) =>
    void response.writeHead(200, stream).end(chunk(random, random.of([null, 7, [], {}, [{ text: 1 }]]))),
  (response, random) =>
    void response.writeHead(random.of([200, 400, 401, 404, 429, 500, 503]), json).end(oddJson(random)),
  (response, random) =>
    void response
      .writeHead(200, stream)
      .end(`data: ${oddJson(random)}\n\nevent: error\ndata: ${oddJson(random)}\n\n`),
  (response, random) =>
    void response
      .writeHead(429, { 'retry-after': random.of(['-1', '1e99', 'soon', '0', '99999999999']) })
      .end(oddText(random)),
  (response) => void response.writeHead(200, { ...json, 'content-encoding': 'gzip' }).end(bomb),
  (response) => void response.writeHead(200, { ...json, 'content-encoding': 'gzip' }).end('not gzip at all'),
  (response) => flood(response.writeHead(200, stream), `data: ${'a'.repeat(65_536)}`),
  (response, random) => flood(response.writeHead(200, stream), chunk(random, 'word ').repeat(50)),
  (response) => flood(response.writeHead(500, json), '{"error":'),
  (response) => void response.socket?.write('HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n{'),
  (response) => void response.socket?.end('garbage\r\n\r\n'),
  (response) => void response.destroy(),
  async (response, random) => {
    response.writeHead(200, stream).write(chunk(random));
    await delay(random.below(3_000));
    response.destroy();
  },
];

export interface ModelServer {
  readonly url: string;
  readonly asked: number;
  close(): void;
}

/** A model server that answers each request in another way, few of them right. */
export const hostileModelServer = async (random: Random): Promise<ModelServer> => {
  let asked = 0;
  const server = createServer((request, response) => {
    asked++;
    request.resume();
    response.on('error', () => {}).setMaxListeners(0);
    const answer = random.of(answers);
    request.once('end', () => {
      Promise.resolve(answer(response, random)).catch(() => response.destroy());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    get asked() {
      return asked;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
};
