import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newBearers } from '../harness/bearers.ts';
import { makeCertificate } from '../harness/certificate.ts';
import { until } from '../harness/poll.ts';
import { program } from '../observe/programs.ts';
import { Deployment, deadlineMs, docker } from './deployment.ts';

const openssl = program('openssl');
const folder = mkdtempSync(join(tmpdir(), 'parley-health-'));
const { env } = newBearers();

/** Everything that keeps others out: tokens, and TLS in the process. */
const overlay = (tls: string) => ({
  services: {
    router: {
      environment: {
        ROUTER_OPEN: 'false',
        ...env,
        ROUTER_TLS_CERT: '/tls/cert.pem',
        ROUTER_TLS_KEY: '/tls/key.pem',
      },
      volumes: [`${tls}:/tls:ro`],
    },
  },
});

let deployment: Deployment;
beforeAll(async () => {
  if (!openssl) return;
  await makeCertificate(openssl, folder);
  chmodSync(folder, 0o755);
  const file = join(folder, 'overlay.json');
  writeFileSync(file, JSON.stringify(overlay(folder)));
  deployment = await Deployment.create('parley-test-health', { overlay: file });
  // Waits until it is healthy, and fails when it is not.
  deployment.up(['router', 'prometheus']);
});
afterAll(async () => {
  await deployment?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

test.skipIf(!openssl)('the container of a router with TLS and tokens knows that it is healthy', async () => {
  const [router = ''] = deployment.containers('router');
  expect(docker('inspect', '--format', '{{.State.Health.Status}}', router)).toBe('healthy');
  await expect(deployment.get('/readyz')).rejects.toThrow('fetch failed');
});

test.skipIf(!openssl)('Prometheus scrapes the router without a token of its own', async () => {
  await until(
    'the router is up',
    async () => (await deployment.query('up{job="router"} == 1')).length === 1,
    deadlineMs,
  );
  await until(
    'its metrics are there',
    async () => (await deployment.query('parley_build_info{service="router"}')).length === 1,
    deadlineMs,
  );
});
