import { createHash, randomBytes } from 'node:crypto';

/** Tokens of a router under test, as they are given to it and to those who bear them. */
export interface Bearers {
  readonly token: string;
  readonly peerToken: string;
  readonly watcherToken: string;
  readonly jwtSecret: string;
  /** ROUTER_TOKENS and ROUTER_JWT_KEY. */
  readonly env: { readonly ROUTER_TOKENS: string; readonly ROUTER_JWT_KEY: string };
}

/** A new token, and the line that makes a router take it: `rights` are names and a role. */
export const newBearer = (rights: string, more = ''): { readonly token: string; readonly line: string } => {
  const token = `test_${randomBytes(32).toString('base64url')}`;
  return { token, line: `${rights} sha256:${createHash('sha256').update(token).digest('hex')}${more}` };
};

/** An operator, an agent that may address few, an observer, and a secret for JWTs: new ones each time. */
export const newBearers = (): Bearers => {
  const operator = newBearer('* operator');
  const peer = newBearer('peer-* agent', ' send=friend-*');
  const watcher = newBearer('watcher-* observer');
  const jwtSecret = randomBytes(32).toString('base64url');
  const lines = [operator, peer, watcher].map(({ line }) => line);
  return {
    token: operator.token,
    peerToken: peer.token,
    watcherToken: watcher.token,
    jwtSecret,
    env: { ROUTER_TOKENS: lines.join('\n'), ROUTER_JWT_KEY: jwtSecret },
  };
};
