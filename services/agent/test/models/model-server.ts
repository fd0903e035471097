import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

interface Asked {
  readonly path: string | undefined;
  readonly authorization: string | undefined;
  readonly body: Record<string, unknown> & { messages: { role: string; content: string }[] };
}
export type Respond = (response: ServerResponse, asked: Asked, call: number) => void | Promise<void>;

const textOf = async (request: IncomingMessage) => {
  let text = '';
  for await (const part of request) text += part;
  return text;
};

/** An OpenAI-compatible server on a free port, as good or as bad as `respond` makes it. Gone when the test ends. */
export const modelServer = async (respond: Respond, models?: readonly string[]) => {
  const asked: Asked[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    if (request.method === 'GET') {
      if (models) response.end(JSON.stringify({ data: models.map((id) => ({ id })) }));
      else response.writeHead(404).end();
      return;
    }
    const { authorization } = request.headers;
    const one = { path: request.url, authorization, body: JSON.parse(await textOf(request)) };
    asked.push(one);
    await respond(response, one, asked.length);
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, asked };
};

export const event = (response: ServerResponse, data: object | string): void => {
  response.write(`data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`);
};
export const begin = (response: ServerResponse): void => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
};
export const delta = (content: string, finish_reason: string | null = null) => ({
  model: 'tiny-1',
  choices: [{ index: 0, delta: { content }, finish_reason }],
});

/** A whole streamed answer, one word a chunk, with usage. */
export const answer = (response: ServerResponse, text: string): void => {
  begin(response);
  for (const word of text.split(/(?<= )/)) event(response, delta(word));
  event(response, { ...delta('', 'stop'), system_fingerprint: 'fp-1' });
  event(response, { model: 'tiny-1', choices: [], usage: { prompt_tokens: 11, completion_tokens: 7 } });
  event(response, '[DONE]');
  response.end();
};

export const refuse = (response: ServerResponse, status: number, error: object, headers = {}): void => {
  response
    .writeHead(status, { 'content-type': 'application/json', ...headers })
    .end(JSON.stringify({ error }));
};
