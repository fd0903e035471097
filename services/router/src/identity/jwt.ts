import { createPublicKey, type KeyObject } from 'node:crypto';
import { nameFault } from '@parley/protocol';
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  type JWTPayload,
  type JWTVerifyOptions,
  jwtVerify,
} from 'jose';
import type { Verdict } from './authenticator.ts';
import { accessRoles, type Identity, isNamePattern } from './identity.ts';

/** The keys: one public key or shared secret, or a set of public keys at a URL or in a file. */
export type JwtKeys =
  | { readonly kind: 'secret'; readonly secret: Uint8Array }
  | { readonly kind: 'public-key'; readonly key: KeyObject }
  | { readonly kind: 'set'; readonly json: string }
  | { readonly kind: 'url'; readonly url: URL };

export interface JwtOptions {
  readonly keys: JwtKeys;
  readonly issuer: string | undefined;
  readonly audience: string | undefined;
  readonly now: () => number;
}

const minSecretBytes = 32;
const fetchMs = 5_000;
/**
 * The algorithms of a secret. A token must not choose its algorithm: otherwise a public key could be used as the secret of an
 * HMAC.
 */
const symmetric = ['HS256', 'HS384', 'HS512'];
const asymmetric = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

/** Reads a key in PEM form or a shared secret. Throws an error that says what is wrong. */
export const readJwtKey = (text: string): JwtKeys => {
  if (text.includes('PRIVATE KEY'))
    throw new Error('this is a private key; the router needs only the public one');
  if (text.startsWith('-----BEGIN ')) return { kind: 'public-key', key: createPublicKey(text) };
  const secret = new TextEncoder().encode(text);
  if (secret.length < minSecretBytes) throw new Error(`a shared secret has at least ${minSecretBytes} bytes`);
  return { kind: 'secret', secret };
};

/** Checks a JWT: signature, `exp` (which it must have), `nbf`, issuer and audience where configured. */
export const makeJwtVerifier = ({ keys, issuer, audience, now }: JwtOptions) => {
  const options = (): JWTVerifyOptions => ({
    algorithms: keys.kind === 'secret' ? symmetric : asymmetric,
    requiredClaims: ['exp'],
    currentDate: new Date(now()),
    ...(issuer !== undefined && { issuer }),
    ...(audience !== undefined && { audience }),
  });
  const verify = verifierOf(keys);
  return async (token: string): Promise<Verdict> => {
    try {
      return readClaims((await verify(token, options())).payload);
    } catch (error) {
      const fault = error instanceof errors.JOSEError && !isOutage(error);
      return fault
        ? { ok: false, code: 'unauthenticated', problem: `the token is not valid: ${error.message}` }
        : { ok: false, code: 'unavailable', problem: 'the keys for tokens cannot be read' };
    }
  };
};

const verifierOf = (keys: JwtKeys) => {
  if (keys.kind === 'secret')
    return (token: string, options: JWTVerifyOptions) => jwtVerify(token, keys.secret, options);
  if (keys.kind === 'public-key')
    return (token: string, options: JWTVerifyOptions) => jwtVerify(token, keys.key, options);
  const find =
    keys.kind === 'set'
      ? createLocalJWKSet(JSON.parse(keys.json))
      : createRemoteJWKSet(keys.url, { timeoutDuration: fetchMs });
  return (token: string, options: JWTVerifyOptions) => jwtVerify(token, find, options);
};

/** An error of exactly the base class means that the URL answered with something else than keys. */
const isOutage = (error: errors.JOSEError): boolean =>
  error instanceof errors.JWKSTimeout ||
  error.code === 'ERR_JOSE_GENERIC' ||
  error instanceof errors.JWKSInvalid;

const patterns = (claim: unknown) =>
  Array.isArray(claim) && claim.length > 0 && claim.every(isNamePattern) ? claim : undefined;

/** Users may choose their `sub` at an identity provider, so it is one name and never a pattern. */
const nameIn = (sub: unknown) =>
  typeof sub === 'string' && nameFault(sub) === undefined && !sub.includes('*') ? [sub] : undefined;

const readClaims = ({ sub, exp, role, names, send }: JWTPayload & { [claim: string]: unknown }): Verdict => {
  const invalid = (problem: string): Verdict => ({ ok: false, code: 'unauthenticated', problem });
  const allowed = names === undefined ? nameIn(sub) : patterns(names);
  if (!allowed) return invalid('the token needs `names`, a list of names, or a name in `sub`');
  const targets = send === undefined ? undefined : patterns(send);
  if (send !== undefined && !targets) return invalid('`send` of the token is not a list of names');
  const known = accessRoles.find((one) => one === (role ?? 'agent'));
  if (!known) return invalid(`\`role\` of the token is not one of ${accessRoles.join(', ')}`);
  const expiresAt = (exp as number) * 1_000;
  const identity: Identity = {
    role: known,
    names: allowed,
    send: targets,
    isValid: (now) => now < expiresAt,
  };
  return { ok: true, identity };
};
