import { describe, expect, it, onTestFinished } from 'vitest';
import { httpExchange } from '../../src/models/openai/http-exchange.ts';
import { modelServer } from './model-server.ts';

describe('an answer that is called off', () => {
  it('leaves no error that is caught nowhere, also when it has just come whole', async () => {
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
