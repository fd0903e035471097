import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { constants } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { newBearers } from '../harness/bearers.ts';
import { makeCertificate } from '../harness/certificate.ts';
import { RunningRouter, spawnRouter, temporaryFolder } from '../harness/parley.ts';
import { killAll } from '../harness/started-process.ts';
import { program } from '../observe/programs.ts';

afterEach(killAll);

const openssl = program('openssl');

const startWithHealth = async (env: Readonly<Record<string, string>> = {}) => {
  const router = await RunningRouter.start({ ROUTER_HEALTH_PORT: '0', ...env });
  const { health } = await router.process.logged('listening');
  return { router, health: String(health) };
};

const answer = async (url: string) => {
  const response = await fetch(url);
  return { status: response.status, text: await response.text() };
};

/** `fetch` takes `Host` from the URL, whatever it is told. */
const statusWith = (url: string, headers: Record<string, string>): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    request(url, { headers })
      .once('response', (response) => resolve(response.resume().statusCode))
      .once('error', reject)
      .end();
  });

it.skipIf(process.platform !== 'linux')(
  'a router that says that it listens handles SIGTERM and SIGUSR2',
  async () => {
    const router = await RunningRouter.start();
    const status = readFileSync(`/proc/${router.process.pid}/status`, 'utf8');
    const caught = BigInt(`0x${/^SigCgt:\s*([0-9a-f]+)$/m.exec(status)?.[1]}`);
    for (const signal of ['SIGTERM', 'SIGUSR2'] as const)
      expect((caught >> BigInt(constants.signals[signal] - 1)) & 1n, signal).toBe(1n);
  },
);

describe('the port of the probes', () => {
  it.skipIf(!openssl)(
    'the port of the probes needs neither TLS nor a token, while the main port needs both',
    async () => {
      const { cert, key } = await makeCertificate(openssl!, temporaryFolder());
      const { env } = newBearers();
      const { router, health } = await startWithHealth({
        ...env,
        ROUTER_TLS_CERT: cert,
        ROUTER_TLS_KEY: key,
      });
      expect(router.url).toMatch(/^wss:/);
      await expect(fetch(`${router.url.replace(/^wss/, 'http')}/readyz`)).rejects.toThrow();
      expect(await answer(`${health}/healthz`)).toEqual({ status: 200, text: 'ok\n' });
      expect(await answer(`${health}/readyz`)).toEqual({ status: 200, text: 'ready\n' });
      const metrics = await answer(`${health}/metrics`);
      expect(metrics.status).toBe(200);
      expect(metrics.text).toMatch(/^parley_connections\{/m);
    },
  );

  it('the port of the probes is on loopback only and shows only probes and metrics', async () => {
    const { env } = newBearers();
    const { router, health } = await startWithHealth({ ...env, ROUTER_HOST: '0.0.0.0' });
    expect(new URL(health).hostname).toBe('127.0.0.1');
    expect((await answer(`${router.http.replace('0.0.0.0', '127.0.0.1')}/metrics`)).status).toBe(401);
    for (const path of ['/', '/v1/agents', '/v1/conversations', '/v1/events', '/metrics/'])
      expect([path, (await answer(health + path)).status]).toEqual([path, 404]);
  });

  it('the port of the probes gives the metrics to no page of another origin or name', async () => {
    const { health } = await startWithHealth();
    expect(await statusWith(`${health}/metrics`, {})).toBe(200);
    expect(await statusWith(`${health}/metrics`, { host: 'evil.example' })).toBe(403);
    expect(await statusWith(`${health}/metrics`, { origin: 'https://evil.example' })).toBe(403);
  });

  it('the port of the probes is served only when it is set, and a failure to open it is reported', async () => {
    const router = await RunningRouter.start();
    expect(await router.process.logged('listening')).not.toHaveProperty('health');
    const second = spawnRouter({ ROUTER_HEALTH_PORT: router.port });
    expect(await second.exit()).toEqual({ code: 1, signal: null });
    expect(second.stderr).toMatch(
      /ROUTER_HEALTH_PORT: cannot listen on port \d+: another program listens there/,
    );
  });
});
