import { type Identity, unrestricted } from './identity.ts';
import type { TokenList } from './token-list.ts';

export type Verdict =
  | { readonly ok: true; readonly identity: Identity }
  /** `unavailable`: the keys cannot be read now; the same token may be valid later. */
  | { readonly ok: false; readonly code: 'unauthenticated' | 'unavailable'; readonly problem: string };

/** The identity of the bearer of a token. Never throws and never rejects. */
export interface Authenticator {
  /** A promise only for JWTs. */
  identify(token: string | undefined): Verdict | Promise<Verdict>;
}

/** Of a router without tokens: every client is unrestricted. */
export const openAuthenticator: Authenticator = { identify: () => ({ ok: true, identity: unrestricted }) };

interface Sources {
  readonly tokens: TokenList | undefined;
  readonly verifyJwt: ((token: string) => Promise<Verdict>) | undefined;
}

export const makeAuthenticator = ({ tokens, verifyJwt }: Sources): Authenticator => ({
  identify(token) {
    if (token === undefined) return { ok: false, code: 'unauthenticated', problem: 'a token is needed' };
    const identity = tokens?.find(token);
    if (identity) return { ok: true, identity };
    if (verifyJwt && token.split('.').length === 3) return verifyJwt(token);
    return { ok: false, code: 'unauthenticated', problem: 'the token is not valid' };
  },
});
