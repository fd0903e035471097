import { describe, expect, it } from 'vitest';
import { dial, dialRaw, handshake, serveRouter } from './served-router.ts';

const answerTo = async (port: number, request: string): Promise<string> => {
  const socket = await dialRaw(port);
  const answer = new Promise<string>((resolve) => socket.once('data', (data) => resolve(String(data))));
  socket.write(request);
  return (await answer).split('\r\n')[0] ?? '';
};
const get = (path: string, headers: string) => `GET ${path} HTTP/1.1\r\n${headers}\r\n\r\n`;

describe('a handshake', () => {
  it('a handshake is accepted from the own page and from programs, not from other pages', async () => {
    const { port, metric } = await serveRouter();
    const from = (origin: string | undefined) =>
      dial(port, { ...(origin !== undefined && { headers: { origin } }) }).opened.then(
        () => 101,
        (error: Error) => Number(/\d{3}/.exec(error.message)?.[0]),
      );
    expect(await from(undefined)).toBe(101);
    expect(await from(`http://127.0.0.1:${port}`)).toBe(101);
    for (const origin of [
      'http://evil.example',
      'null',
      `http://127.0.0.1:${port}.evil.example`,
      'http://127.0.0.1',
    ])
      expect([origin, await from(origin)]).toEqual([origin, 403]);
    expect(await metric('parley_refusals_total{code="forbidden"}')).toBe(4);
  });

  it('a handshake with the name of another page in Host is refused, which prevents DNS rebinding', async () => {
    const { port } = await serveRouter();
    const rebound = handshake(port, 'Origin: http://evil.example:1\r\n').replace(
      /Host: .*\r\n/,
      'Host: evil.example:1\r\n',
    );
    expect(await answerTo(port, rebound)).toBe('HTTP/1.1 403 Forbidden');
    expect(await answerTo(port, handshake(port))).toBe('HTTP/1.1 101 Switching Protocols');
  });

  it('a handshake that offers only unknown subprotocols is refused with 400', async () => {
    const { port } = await serveRouter();
    await expect(dial(port, { protocols: ['parley.v9'] }).opened).rejects.toThrow(/400/);
  });
});

describe('an HTTP request', () => {
  it('an HTTP request is subject to the same rules as a handshake, except for the probes', async () => {
    const { port } = await serveRouter();
    const own = `Host: localhost:${port}`;
    expect(await answerTo(port, get('/v1/agents', own))).toBe('HTTP/1.1 200 OK');
    expect(await answerTo(port, get('/v1/agents', 'Host: evil.example'))).toBe('HTTP/1.1 403 Forbidden');
    expect(await answerTo(port, get('/v1/agents', `${own}\r\nOrigin: http://evil.example`))).toBe(
      'HTTP/1.1 403 Forbidden',
    );
    expect(await answerTo(port, get('/healthz', 'Host: 10.1.2.3'))).toBe('HTTP/1.1 200 OK');
    expect(await answerTo(port, get('/healthz', 'Host: pod.example'))).toBe('HTTP/1.1 200 OK');
  });

  it('an HTTP response does not allow other pages to read it', async () => {
    const { port } = await serveRouter();
    const response = await fetch(`http://127.0.0.1:${port}/v1/agents`);
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
  });
});
