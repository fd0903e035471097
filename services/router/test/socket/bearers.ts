import { generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';
import { type Authenticator, makeAuthenticator } from '../../src/identity/authenticator.ts';
import { makeJwtVerifier } from '../../src/identity/jwt.ts';
import { newToken } from '../../src/identity/token-command.ts';
import { readTokens, TokenList } from '../../src/identity/token-list.ts';

export const alice = newToken(['alice']);
export const bob = newToken(['bob', '--send', 'alice']);
export const crowd = newToken(['crowd-*']);
export const watcher = newToken(['watcher', '--role', 'observer']);
export const boss = newToken(['*', '--role', 'operator']);

/** A list whose lines a test may withdraw. */
export const listOf = (tokens: readonly { line: string }[]): TokenList => new TokenList(linesOf(tokens));

export const linesOf = (tokens: readonly { line: string }[]) => {
  const read = readTokens(tokens.map(({ line }) => line).join('\n'));
  if ('problems' in read) throw new Error(read.problems.join('\n'));
  return read.lines;
};

const keys = generateKeyPairSync('ed25519');
const verifyJwt = makeJwtVerifier({
  keys: { kind: 'public-key', key: keys.publicKey },
  issuer: undefined,
  audience: undefined,
  now: Date.now,
});

/** Knows all of the above, and JWTs. */
export const authenticatorOf = (list = listOf([alice, bob, crowd, watcher, boss])): Authenticator =>
  makeAuthenticator({ tokens: list, verifyJwt });
export const authenticator = authenticatorOf();

/** Good for a minute, unless the claims say otherwise. */
export const jwt = (claims: Record<string, unknown>) =>
  new SignJWT({ exp: Math.floor(Date.now() / 1_000) + 60, ...claims })
    .setProtectedHeader({ alg: 'EdDSA' })
    .sign(keys.privateKey);

export const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
export const asProtocol = (token: string) => `parley.bearer.${Buffer.from(token).toString('base64url')}`;
