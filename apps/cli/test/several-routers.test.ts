import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { problemsOf } from '@parley/runtime';
import { describe, expect, it, onTestFinished } from 'vitest';
import { RouterApi } from '../src/api/router-api.ts';

/** A server on a free port that answers with `status`, and what it was asked. */
const server = async (status = 200) => {
  const asked: string[] = [];
  const tokens: (string | undefined)[] = [];
  const http = createServer((request, response) => {
    asked.push(`${request.method} ${request.headers['idempotency-key'] ?? ''}`.trim());
    tokens.push(request.headers.authorization);
    if (status === 0) request.socket.destroy();
    else response.writeHead(status, { 'content-type': 'application/json' }).end('{"agents":[],"shares":[]}');
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const close = () => {
    http.closeAllConnections();
    return new Promise((resolve) => http.close(resolve));
  };
  onTestFinished(() => void close());
  return { asked, tokens, close, url: `http://127.0.0.1:${(http.address() as AddressInfo).port}` };
};

/** The order of the list is that of `urls`. */
const apiOf = (...urls: string[]) =>
  new RouterApi(urls.join(', '), new AbortController().signal, undefined, () => 0.999_999);

describe('the command line with the URLs of several routers', () => {
  it('uses one router, and the next one when that has gone', async () => {
    const [one, two] = [await server(), await server()];
    const api = apiOf(one.url, two.url);
    await api.agents();
    await one.close();
    await api.agents();
    await api.agents();
    expect([one.asked.length, two.asked.length, api.url]).toEqual([1, 2, two.url]);
    expect(api.urls).toEqual([one.url, two.url]);
  });

  it.each([0, 502, 503])(
    'a request with an idempotency key is sent to the next router when the first cannot answer (%i)',
    async (status) => {
      const [one, two] = [await server(status), await server()];
      await apiOf(one.url, two.url).act('resume', 'c1', {}, 'key-1');
      expect([one.asked, two.asked]).toEqual([['POST key-1'], ['POST key-1']]);
    },
  );

  it('a request that changes something and has no key is not repeated when a router may have had it', async () => {
    const [one, two] = [await server(0), await server()];
    await expect(apiOf(one.url, two.url).share('c1', {})).rejects.toThrow(/no connection to a router/);
    expect([one.asked.length, two.asked.length]).toEqual([1, 0]);
  });

  it('names each router that cannot be reached when none can', async () => {
    const [one, two] = [await server(), await server()];
    await one.close();
    await two.close();
    const asked = apiOf(one.url, two.url).agents();
    await expect(asked).rejects.toThrow(one.url);
    await expect(asked).rejects.toThrow(two.url);
  });

  it('the token is not sent where a router redirects to, and the address is named; without a token the request goes on there', async () => {
    const other = await server();
    const redirecting = createServer((request, response) => {
      response.writeHead(307, { location: other.url + request.url }).end('{}');
    });
    await new Promise<void>((resolve) => redirecting.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void redirecting.close());
    const url = `http://127.0.0.1:${(redirecting.address() as AddressInfo).port}`;
    const withToken = new RouterApi(url, new AbortController().signal, 'secret');
    const asked = withToken.act('resume', 'c1', {}, 'key-1');
    await expect(asked).rejects.toThrow(`${url} sends this request to ${other.url}`);
    expect(other.asked).toEqual([]);
    await apiOf(url).act('resume', 'c1', {}, 'key-2');
    expect(other.asked).toEqual(['POST key-2']);
  });

  it('a redirect within one origin is followed with the token, and one from there to another origin without it', async () => {
    const other = await server();
    const tokens: string[] = [];
    const proxy = createServer((request, response) => {
      const normal = request.url?.replaceAll('//', '/') ?? '/';
      const there = { '/one/v1/agents': '/two/v1/agents', '/away/v1/agents': '/three/v1/agents' }[normal];
      if (there) return response.writeHead(308, { location: there }).end();
      tokens.push(`${normal} ${request.headers.authorization}`);
      if (normal.startsWith('/three')) return response.writeHead(307, { location: other.url }).end();
      return response.end('{"agents":[]}');
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void proxy.close());
    const at = (path: string) =>
      new RouterApi(
        `http://127.0.0.1:${(proxy.address() as AddressInfo).port}${path}`,
        new AbortController().signal,
        'secret',
      );
    await at('/one').agents();
    await at('/away').agents();
    expect(tokens).toEqual(['/two/v1/agents Bearer secret', '/three/v1/agents Bearer secret']);
    expect(other.tokens).toEqual([undefined]);
  });

  it.each(
    ['secret', undefined].flatMap((token) => [301, 302, 303, 307, 308].map((status) => ({ status, token }))),
  )(
    'a POST is repeated as a POST after 307 and 308, and after other redirects never as a GET ($status, token $token)',
    async ({ status, token }) => {
      const asked: string[] = [];
      const answer = (request: IncomingMessage, response: ServerResponse, body: string) => {
        asked.push(`${request.method} ${request.url} ${request.headers['idempotency-key']} ${body}`);
        if (request.url?.startsWith('/new')) return response.end('{"id":"c1"}');
        // The second redirect is the one in question.
        const [code, to] = request.url?.startsWith('/old') ? [307, '/middle'] : [status, '/new'];
        return response.writeHead(code, { location: `${to}/v1/conversations` }).end();
      };
      const proxy = createServer((request, response) => {
        void text(request).then((body) => answer(request, response, body));
      });
      await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
      onTestFinished(() => void proxy.close());
      const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/old`;
      const opened = new RouterApi(url, new AbortController().signal, token).open({} as never, 'key-1');
      const sent = (to: string) => `POST /${to}/v1/conversations key-1 {}`;
      if (status >= 307) expect(await opened).toEqual({ id: 'c1' });
      else await expect(opened).rejects.toThrow(`answers a POST with ${status} and http://`);
      expect(asked).toEqual(['old', 'middle', ...(status >= 307 ? ['new'] : [])].map(sent));
    },
  );

  it('a list of routers with an invalid URL is refused', () => {
    expect(problemsOf(() => apiOf('http://one', 'ftp://two'))).toEqual([
      'the URL of the router is no ws, wss, http or https URL',
    ]);
  });
});
