import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type JWTPayload, SignJWT } from 'jose';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Verdict } from '../../src/identity/authenticator.ts';
import { mayBe, maySendTo } from '../../src/identity/identity.ts';
import { type JwtKeys, makeJwtVerifier, readJwtKey } from '../../src/identity/jwt.ts';

const now = Date.now();
const seconds = Math.floor(now / 1_000);
const secretText = 'a shared secret that has at least thirty-two bytes';
const secret = new TextEncoder().encode(secretText);
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = ec.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const jwk = { ...ec.publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'ES256', use: 'sig' };

const sign = (claims: JWTPayload, key: KeyObject | Uint8Array = secret, alg = 'HS256', kid?: string) =>
  new SignJWT({ sub: 'alice', exp: seconds + 60, ...claims })
    .setProtectedHeader({ alg, ...(kid && { kid }) })
    .sign(key);

const verifier = (keys: JwtKeys, more: { issuer?: string; audience?: string } = {}) =>
  makeJwtVerifier({ keys, issuer: more.issuer, audience: more.audience, now: () => now });
const withSecret = verifier(readJwtKey(secretText));

const refusal = (verdict: Verdict) => (verdict.ok ? undefined : verdict.code);
const identityOf = (verdict: Verdict) => {
  if (!verdict.ok) throw new Error(verdict.problem);
  return verdict.identity;
};

describe('a JWT', () => {
  it('a JWT allows the name of its `sub` until it expires', async () => {
    const identity = identityOf(await withSecret(await sign({})));
    expect(identity.role).toBe('agent');
    expect([mayBe(identity, 'alice'), mayBe(identity, 'bob'), maySendTo(identity, 'bob')]).toEqual([
      true,
      false,
      true,
    ]);
    expect([identity.isValid(now), identity.isValid(now + 61_000)]).toEqual([true, false]);
  });

  it('a JWT with `names` allows these names instead, only the targets of `send`, and has its `role`', async () => {
    const claims = { names: ['team-*'], send: ['bob'], role: 'operator' };
    const identity = identityOf(await withSecret(await sign(claims)));
    expect(identity.role).toBe('operator');
    expect([mayBe(identity, 'team-7'), mayBe(identity, 'alice')]).toEqual([true, false]);
    expect([maySendTo(identity, 'bob'), maySendTo(identity, 'carol')]).toEqual([true, false]);
  });

  it.each([
    ['has expired', { exp: seconds - 1 }],
    ['never expires', { exp: undefined }],
    ['is not valid yet', { nbf: seconds + 60 }],
    ['has no name', { sub: undefined }],
    ['has a `sub` that is no name', { sub: 'alice smith' }],
    ['has `names` that are no list', { names: 'alice' }],
    ['has no names in `names`', { names: [] }],
    ['has a regular expression in `names`', { names: ['.*'] }],
    ['has a pattern in `sub`', { sub: 'b*' }],
    ['has the pattern for all names in `sub`', { sub: '*' }],
    ['has `send` that is no list', { send: 'bob' }],
    ['has an unknown role', { role: 'king' }],
  ])('a JWT is refused when it %s', async (_why, claims) => {
    expect(refusal(await withSecret(await sign(claims as JWTPayload)))).toBe('unauthenticated');
  });

  it('a JWT is refused when its signature is of another key, is missing, or does not match its contents', async () => {
    const good = await sign({});
    const [header, , signature] = good.split('.');
    const forged = Buffer.from(JSON.stringify({ sub: 'bob', exp: seconds + 60 })).toString('base64url');
    const none = Buffer.from('{"alg":"none"}').toString('base64url');
    const others = [
      await sign({}, new TextEncoder().encode('another secret of at least thirty-two bytes')),
      `${header}.${forged}.${signature}`,
      `${none}.${forged}.`,
      'a.b.c',
      '..',
    ];
    for (const other of others) expect(refusal(await withSecret(other))).toBe('unauthenticated');
  });

  it('a JWT that uses the public key as the secret of an HMAC is refused', async () => {
    const verify = verifier(readJwtKey(pem));
    expect((await verify(await sign({}, ec.privateKey, 'ES256'))).ok).toBe(true);
    expect(refusal(await verify(await sign({}, new TextEncoder().encode(pem))))).toBe('unauthenticated');
  });

  it('a JWT needs the configured issuer and audience', async () => {
    const verify = verifier(readJwtKey(secretText), { issuer: 'https://id.example', audience: 'parley' });
    const [iss, aud] = ['https://id.example', 'parley'];
    expect((await verify(await sign({ iss, aud }))).ok).toBe(true);
    expect((await verify(await sign({ iss, aud: ['other', aud] }))).ok).toBe(true);
    for (const claims of [{}, { iss }, { aud }, { iss, aud: 'other' }, { iss: 'https://evil.example', aud }])
      expect(refusal(await verify(await sign(claims)))).toBe('unauthenticated');
  });
});

describe('a key set', () => {
  const token = () => sign({}, ec.privateKey, 'ES256', 'one');

  it('a key set is read from a file', async () => {
    const verify = verifier({ kind: 'set', json: JSON.stringify({ keys: [jwk] }) });
    expect((await verify(await token())).ok).toBe(true);
    expect(refusal(await verify(await sign({}, ec.privateKey, 'ES256', 'two')))).toBe('unauthenticated');
  });

  it('a key set is fetched from its URL, and while that fails tokens are neither valid nor invalid', async () => {
    let up = false;
    const server = createServer((_request, response) => {
      if (up) response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [jwk] }));
      else response.writeHead(500).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`);
    const verify = verifier({ kind: 'url', url });
    expect(refusal(await verify(await token()))).toBe('unavailable');
    up = true;
    expect((await verify(await token())).ok).toBe(true);
  });

  it('a key set whose URL is not served makes tokens unavailable', async () => {
    const verify = verifier({ kind: 'url', url: new URL('http://127.0.0.1:9/jwks') });
    expect(refusal(await verify(await token()))).toBe('unavailable');
  });
});

describe('a key for JWTs', () => {
  it('a key for JWTs is a public key or a secret of sufficient length', () => {
    expect(readJwtKey(pem)).toEqual({ kind: 'public-key', key: createPublicKey(pem) });
    expect(readJwtKey(secretText)).toEqual({ kind: 'secret', secret });
    expect(() => readJwtKey('too short')).toThrow(/at least 32 bytes/);
    expect(() => readJwtKey('-----BEGIN PUBLIC KEY-----\nrubbish')).toThrow();
  });

  it('a private key is refused as a key for JWTs', () => {
    const own = ec.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    expect(() => readJwtKey(own)).toThrow(/needs only the public one/);
  });
});
