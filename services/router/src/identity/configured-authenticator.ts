import { readFileSync, statSync } from 'node:fs';
import { ConfigError, type Logger } from '@parley/runtime';
import { type Authenticator, makeAuthenticator } from './authenticator.ts';
import { onFileChange } from './file-change.ts';
import { type JwtKeys, makeJwtVerifier, readJwtKey } from './jwt.ts';
import { readableTokens, readTokens, TokenList } from './token-list.ts';

export interface AuthenticatorSettings {
  readonly tokens: string | undefined;
  /** The file of `tokens`. It is read again whenever it changes. */
  readonly tokensFile: string | undefined;
  readonly jwtKey: string | undefined;
  /** URL or file of a JSON Web Key Set. */
  readonly jwks: string | undefined;
  readonly jwtIssuer: string | undefined;
  readonly jwtAudience: string | undefined;
}

/** The authenticator that the settings ask for; undefined when they name neither tokens nor keys. */
export const configuredAuthenticator = (
  settings: AuthenticatorSettings,
  now: () => number,
  log: Logger,
): Authenticator | undefined => {
  const { tokens, tokensFile, jwtIssuer, jwtAudience } = settings;
  const keys = jwtKeys(settings);
  if (tokens === undefined && keys === undefined) return undefined;
  const list = tokens === undefined ? undefined : tokenList(tokens);
  if (list && tokensFile) followFile(list, tokensFile, log);
  return makeAuthenticator({
    tokens: list,
    verifyJwt: keys && makeJwtVerifier({ keys, issuer: jwtIssuer, audience: jwtAudience, now }),
  });
};

const problem = (text: string) => new ConfigError([text]);

const tokenList = (text: string): TokenList => {
  const read = readTokens(text);
  if ('problems' in read) throw new ConfigError(read.problems.map((one) => `ROUTER_TOKENS: ${one}`));
  return new TokenList(read.lines);
};

const isGone = (path: string): boolean => {
  const found = statSync(path, { throwIfNoEntry: false });
  // When a file that is mounted alone is replaced outside the container, the mount keeps the old file, which then has no link.
  return found === undefined || found.nlink === 0;
};

/**
 * A token that is not in the file any more is withdrawn, whatever else is in the file: it may be the last one, and other lines
 * may have errors. A missing file holds no tokens. A file that exists and cannot be read changes nothing: otherwise a mistake
 * with its permissions would lock all clients out.
 */
const followFile = (list: TokenList, path: string, log: Logger): void => {
  onFileChange([path], () => {
    try {
      const gone = isGone(path);
      const { lines, problems } = readableTokens(gone ? '' : readFileSync(path, 'utf8'));
      list.replace(lines);
      if (problems.length > 0) log.error({ problems }, 'some lines of the changed token file cannot be used');
      if (gone)
        log.error(
          'the token file is gone, or was replaced outside of its mount: all its tokens are withdrawn',
        );
      else if (lines.length === 0) log.warn('there is no token in the token file: all are withdrawn');
      else log.info({ tokens: lines.length }, 'the token file was read again');
    } catch (error) {
      log.error({ err: error }, 'the changed token file cannot be read and is not used');
    }
  });
};

const jwtKeys = ({ jwtKey, jwks, jwtAudience }: AuthenticatorSettings): JwtKeys | undefined => {
  if (jwtKey !== undefined && jwks !== undefined)
    throw problem('ROUTER_JWT_KEY: set this or ROUTER_JWKS, not both');
  if (jwtKey !== undefined) {
    try {
      return readJwtKey(jwtKey);
    } catch (error) {
      throw problem(`ROUTER_JWT_KEY: ${(error as Error).message}`);
    }
  }
  if (jwks === undefined) return undefined;
  // The publisher of the keys also signs tokens for other services. Without an audience, the router would accept those.
  if (jwtAudience === undefined) throw problem('ROUTER_JWKS: needs ROUTER_JWT_AUDIENCE');
  return keySet(jwks);
};

const keySet = (from: string): JwtKeys => {
  if (/^https?:/i.test(from)) {
    const url = URL.parse(from);
    const local = url && /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
    if (!url || (url.protocol !== 'https:' && !local))
      throw problem('ROUTER_JWKS: expected an https URL or a file');
    return { kind: 'url', url };
  }
  try {
    const json = readFileSync(from, 'utf8');
    if (!Array.isArray(JSON.parse(json).keys)) throw new Error('there are no `keys` in it');
    return { kind: 'set', json };
  } catch (error) {
    throw problem(`ROUTER_JWKS: ${from}: ${(error as Error).message}`);
  }
};
