import { readFileSync } from 'node:fs';
import { ConfigError, type Logger } from '@parley/kit';
import { onFileChange } from '../file-change.ts';
import { type Guard, makeGuard } from './guard.ts';
import { type JwtKeys, makeJwtVerifier, readJwtKey } from './jwt.ts';
import { readTokens, TokenList } from './token-list.ts';

export interface GuardSettings {
  readonly tokens: string | undefined;
  /** Where `tokens` came from; read again whenever it changes. */
  readonly tokensFile: string | undefined;
  readonly jwtKey: string | undefined;
  /** URL or file of a JSON Web Key Set. */
  readonly jwks: string | undefined;
  readonly jwtIssuer: string | undefined;
  readonly jwtAudience: string | undefined;
}

/** The guard that the settings ask for; undefined when they name neither tokens nor keys. */
export const configuredGuard = (
  settings: GuardSettings,
  now: () => number,
  log: Logger,
): Guard | undefined => {
  const { tokens, tokensFile, jwtIssuer, jwtAudience } = settings;
  const keys = jwtKeys(settings);
  if (tokens === undefined && keys === undefined) return undefined;
  const list = tokens === undefined ? undefined : tokenList(tokens);
  if (list && tokensFile) followFile(list, tokensFile, log);
  return makeGuard({
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

/** A file that cannot be read or understood changes nothing: a slip in it must not lock everybody out. */
const followFile = (list: TokenList, path: string, log: Logger): void => {
  onFileChange([path], () => {
    try {
      const read = readTokens(readFileSync(path, 'utf8'));
      if ('problems' in read) {
        log.error({ problems: read.problems }, 'the changed token file is not used');
      } else {
        list.replace(read.lines);
        log.info({ tokens: read.lines.length }, 'the token file was read again');
      }
    } catch (error) {
      log.error({ err: error }, 'the changed token file is not used');
    }
  });
};

const jwtKeys = ({ jwtKey, jwks, jwtAudience }: GuardSettings): JwtKeys | undefined => {
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
  // Whoever publishes keys signs tokens for others as well; without an audience all of those would open this door.
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
