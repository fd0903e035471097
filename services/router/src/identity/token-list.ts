import { createHash, createHmac, randomBytes } from 'node:crypto';
import { type AccessRole, accessRoles, type Identity, isNamePattern, type NamePattern } from './identity.ts';

interface TokenLine {
  /** SHA-256 of the token. */
  readonly digest: Buffer;
  readonly role: AccessRole;
  readonly names: readonly NamePattern[];
  readonly send: readonly NamePattern[] | undefined;
}

/** The minimum length of a shared token that an operator chose. Generated tokens have 256 random bits. */
const minLength = 16;

export const digestOf = (token: string): Buffer => createHash('sha256').update(token).digest();

/** `NAMES ROLE sha256:HEX [send=NAMES]`, or one word: a token for all clients, with every right. */
const readLine = (line: string): TokenLine | { readonly problem: string } => {
  const [names = '', role, hash, send, ...rest] = line.split(/\s+/);
  if (role === undefined) {
    if (names.length < minLength) return { problem: `a shared token has at least ${minLength} characters` };
    return { digest: digestOf(names), role: 'operator', names: ['*'], send: undefined };
  }
  const known = accessRoles.find((one) => one === role);
  if (!names.split(',').every(isNamePattern)) return { problem: 'expected names, with * only at the end' };
  if (!known) return { problem: `expected one of ${accessRoles.join(', ')} after the names` };
  const hex = /^sha256:([0-9a-f]{64})$/i.exec(hash ?? '')?.[1];
  if (!hex) return { problem: 'expected sha256: and 64 hexadecimal digits after the role' };
  if (rest.length > 0 || (send !== undefined && !send.startsWith('send=')))
    return { problem: 'expected send=NAMES or nothing after the hash' };
  const targets = send?.slice('send='.length).split(',');
  if (targets && !targets.every(isNamePattern))
    return { problem: 'send: expected names, with * only at the end' };
  return { digest: Buffer.from(hex, 'hex'), role: known, names: names.split(','), send: targets };
};

/** The valid lines, and the problems of the others. A problem never repeats text of its line, which may hold a secret. */
export const readableTokens = (
  text: string,
): { readonly lines: readonly TokenLine[]; readonly problems: readonly string[] } => {
  const lines: TokenLine[] = [];
  const problems: string[] = [];
  text.split('\n').forEach((raw, index) => {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) return;
    const read = readLine(line);
    if ('problem' in read) problems.push(`line ${index + 1}: ${read.problem}`);
    else lines.push(read);
  });
  return { lines, problems };
};

/** All lines, or the problems of all invalid lines. */
export const readTokens = (
  text: string,
): { readonly lines: readonly TokenLine[] } | { readonly problems: readonly string[] } => {
  const { lines, problems } = readableTokens(text);
  if (problems.length > 0) return { problems };
  return lines.length > 0 ? { lines } : { problems: ['there is no token in it'] };
};

/**
 * The valid tokens, as hashes only. A token is looked up by an HMAC with a key of this process, so the time of a look-up reveals
 * nothing about any token.
 */
export class TokenList {
  readonly #key = randomBytes(32);
  #identities: ReadonlyMap<string, Identity> = new Map();

  constructor(lines: readonly TokenLine[]) {
    this.replace(lines);
  }

  find(token: string): Identity | undefined {
    return this.#identities.get(this.#blind(digestOf(token)));
  }

  /** Identities of removed or changed lines become invalid. */
  replace(lines: readonly TokenLine[]): void {
    const known = this.#identities;
    const identities = new Map<string, Identity>();
    for (const { digest, ...rights } of lines) {
      const blind = this.#blind(digest);
      const before = known.get(blind);
      const same = before && JSON.stringify({ ...before, isValid: undefined }) === JSON.stringify(rights);
      const identity: Identity = same
        ? before
        : { ...rights, isValid: () => this.#identities.get(blind) === identity };
      identities.set(blind, identity);
    }
    this.#identities = identities;
  }

  #blind(digest: Buffer): string {
    return createHmac('sha256', this.#key).update(digest).digest('base64');
  }
}
