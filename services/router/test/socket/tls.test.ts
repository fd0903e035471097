import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import type { Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type PeerCertificate } from 'node:tls';
import { makeLogger } from '@parley/runtime';
import { describe, expect, it, onTestFinished } from 'vitest';
import { followCertificate, openTls, type TlsFiles } from '../../src/http/server/tls.ts';
import { dialAgent, dialRaw, serveRouter } from './served-router.ts';

const hasOpenssl = (() => {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    if (process.env.CI) throw new Error('openssl is needed for the tests of TLS');
    console.warn('skipped: the tests of TLS need openssl');
    return false;
  }
})();

const folder = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'parley-tls-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
};

const makeCertificate = (into: string, name: string): TlsFiles => {
  const files = { cert: join(into, `${name}.pem`), key: join(into, `${name}.key`) };
  execFileSync(
    'openssl',
    `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=${name} -addext subjectAltName=IP:127.0.0.1 -keyout ${files.key} -out ${files.cert}`.split(
      ' ',
    ),
    { stdio: 'ignore' },
  );
  return files;
};

const shownBy = (port: number): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      resolve(String((socket.getPeerCertificate() as PeerCertificate).subject?.CN));
      socket.destroy();
    });
    socket.on('error', reject);
  });

describe.skipIf(!hasOpenssl)('with a certificate', () => {
  it('a router with a certificate speaks only TLS', async () => {
    const files = makeCertificate(folder(), 'first');
    const { port } = await serveRouter({ certificate: openTls(files.cert, files.key)!.certificate });
    const client = await dialAgent(port, 'alice', { scheme: 'wss', ca: readFileSync(files.cert) });
    client.send({ type: 'open', ref: '1', members: ['bob'] });
    expect(await client.nextOf('accepted')).toMatchObject({ ref: '1' });

    const clear = await dialRaw(port);
    clear.write(`GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
    const answer: Buffer[] = [];
    clear.on('data', (data) => answer.push(data));
    await new Promise((resolve) => clear.once('close', resolve));
    expect(Buffer.concat(answer).toString()).not.toContain('HTTP/1.1 200');
  });

  it('connections over TLS are counted and released like any other', async () => {
    const files = makeCertificate(folder(), 'first');
    const { certificate } = openTls(files.cert, files.key)!;
    const { port } = await serveRouter({ certificate, connectionLimits: { total: 1, perAddress: 0 } });
    const options = { scheme: 'wss', ca: readFileSync(files.cert) } as const;
    const first = await dialAgent(port, 'alice', options);
    await expect(dialAgent(port, 'bob', options)).rejects.toThrow(/503/);
    first.ws.close();
    await first.closed;
    await expect
      .poll(
        () =>
          dialAgent(port, 'bob', options).then(
            () => 'welcome',
            () => 'refused',
          ),
        { timeout: 60_000 },
      )
      .toBe('welcome');
  });

  it('a new certificate is used once both files are replaced, open connections stay, and half a change is not used', {
    timeout: 60_000,
  }, async () => {
    const into = folder();
    const files = makeCertificate(into, 'first');
    const next = makeCertificate(into, 'second');
    const { port, server } = await serveRouter({ certificate: openTls(files.cert, files.key)!.certificate });
    const said: string[] = [];
    const log = makeLogger('router', 'silent');
    log.info = ((message: string) => said.push(message)) as typeof log.info;
    log.error = ((_about: object, message: string) => said.push(message)) as unknown as typeof log.error;
    onTestFinished(followCertificate(server as Server, files, log));
    const open = await dialAgent(port, 'alice', { scheme: 'wss', ca: readFileSync(files.cert) });

    renameSync(next.cert, files.cert);
    await expect.poll(() => said, { timeout: 60_000 }).toEqual(['the changed certificate is not used']);
    expect(await shownBy(port)).toBe('first');
    renameSync(next.key, files.key);
    await expect.poll(() => said.at(-1), { timeout: 60_000 }).toBe('the certificate was read again');
    expect(await shownBy(port)).toBe('second');
    expect(open.ws.readyState).toBe(open.ws.OPEN);
  });

  it('a router with an incomplete certificate does not start', () => {
    const into = folder();
    const [one, other] = [makeCertificate(into, 'one'), makeCertificate(into, 'other')];
    expect(() => openTls(one.cert, undefined)).toThrow(/both or neither/);
    expect(() => openTls(one.cert, other.key)).toThrow(/ROUTER_TLS_CERT, ROUTER_TLS_KEY: .*mismatch/s);
    expect(() => openTls(join(into, 'none'), one.key)).toThrow(/no such file/);
    expect(openTls(undefined, undefined)).toBeUndefined();
  });
});
