import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { answerProbe, type Probes } from '../src/index.ts';

const serve = async (probes: Partial<Probes>): Promise<(path: string) => Promise<Response>> => {
  const metrics = { contentType: 'text/plain; version=0.0.4', metrics: async () => 'up 1\n' };
  const server = createServer((request, response) => {
    if (!answerProbe({ unready: () => undefined, metrics, ...probes }, request, response))
      response.writeHead(404).end('another handler');
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return (path) => fetch(`http://127.0.0.1:${port}${path}`);
};

const told = async (response: Response) => [response.status, await response.text()];

describe('answerProbe', () => {
  it('the health probe says that the process is alive, even when it is not ready', async () => {
    const get = await serve({ unready: () => 'draining' });
    expect(await told(await get('/healthz'))).toEqual([200, 'ok\n']);
  });

  it('the readiness probe says whether the process is ready, and if not, why', async () => {
    let why: string | undefined = 'connecting to the router';
    const get = await serve({ unready: () => why });
    expect(await told(await get('/readyz'))).toEqual([503, 'connecting to the router\n']);
    why = undefined;
    expect(await told(await get('/readyz'))).toEqual([200, 'ready\n']);
  });

  it('the metrics probe serves the metrics in their content type, and forbids caching', async () => {
    const response = await (await serve({}))('/metrics');
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await told(response)).toEqual([200, 'up 1\n']);
  });

  it('the metrics probe answers 500 when the metrics cannot be collected', async () => {
    const failing = { contentType: 'text/plain', metrics: () => Promise.reject(new Error('broken gauge')) };
    expect(await told(await (await serve({ metrics: failing }))('/metrics'))).toEqual([
      500,
      'broken gauge\n',
    ]);
  });

  it('the probes do not answer any other path', async () => {
    const get = await serve({});
    for (const path of ['/', '/healthz/', '/healthzz', '/v1/agents'])
      expect(await told(await get(path))).toEqual([404, 'another handler']);
  });
});
