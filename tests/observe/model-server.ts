import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A Chat Completions server that streams the same reply to everybody and refuses every fifth call with 429. */
export const serveModel = async (reply: string): Promise<{ url: string; server: Server }> => {
  let calls = 0;
  const server = createServer((request, response) => {
    request.resume();
    calls += 1;
    if (calls % 5 === 1) {
      response.writeHead(429, { 'content-type': 'application/json', 'retry-after-ms': '20' });
      response.end('{"error":{"message":"too many requests","code":"rate_limit_exceeded"}}');
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const send = (data: object) =>
      response.write(
        `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', model: 'm', ...data })}\n\n`,
      );
    for (const content of reply.split(/(?<= )/)) send({ choices: [{ index: 0, delta: { content } }] });
    send({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
    send({ choices: [], usage: { prompt_tokens: 30, completion_tokens: 6, total_tokens: 36 } });
    response.end('data: [DONE]\n\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, server };
};
