import { createHash, randomBytes } from 'node:crypto';

/** Tokens of a router under test, as they are given to it and to those who bear them. */
export interface Bearers {
  readonly token: string;
  readonly guestToken: string;
  readonly watcherToken: string;
  readonly jwtSecret: string;
  /** ROUTER_TOKENS and ROUTER_JWT_KEY. */
  readonly env: { readonly ROUTER_TOKENS: string; readonly ROUTER_JWT_KEY: string };
}

/** An operator, an agent that may address few, an observer, and a secret for JWTs: new ones each time. */
export const newBearers = (): Bearers => {
  const make = () => `test_${randomBytes(32).toString('base64url')}`;
  const hash = (token: string) => `sha256:${createHash('sha256').update(token).digest('hex')}`;
  const [token, guestToken, watcherToken, jwtSecret] = [make(), make(), make(), make()];
  const lines = [
    `* operator ${hash(token)}`,
    `guest-* agent ${hash(guestToken)} send=friend-*`,
    `watcher-* observer ${hash(watcherToken)}`,
  ];
  const env = { ROUTER_TOKENS: lines.join('\n'), ROUTER_JWT_KEY: jwtSecret };
  return { token, guestToken, watcherToken, jwtSecret, env };
};
