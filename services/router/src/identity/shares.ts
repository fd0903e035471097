import { randomBytes } from 'node:crypto';
import { defaultShareMinutes, type ShareView } from '@parley/protocol';
import type { Ledger, Share } from '../ledger/ledger.ts';
import type { Authenticator, Verdict } from './authenticator.ts';
import type { Identity } from './identity.ts';
import { digestOf } from './token-list.ts';

/** With it begins every token of a share link, so that no other token is looked for among them. */
const prefix = 'share_';
const minuteMs = 60_000;
/** Links of one conversation that are valid at once. */
const maxValid = 100;
/** Links in the ledger. When there are so many, the oldest one that is not valid any more makes place for a new one. */
const maxShares = 10_000;

export interface SharesOptions {
  readonly ledger: Pick<Ledger, 'shares' | 'keepShare' | 'removeShare'>;
  /** Ms since 1970. */
  readonly now: () => number;
}

export interface MadeShare {
  readonly share: Share;
  readonly token: string;
}

const viewOf = ({ id, by, madeAt, expiresAt, revoked }: Share): ShareView => ({
  share: id,
  by,
  madeAt,
  expiresAt,
  ...(revoked && { revokedAt: revoked.at, revokedBy: revoked.by }),
});

/**
 * Links with which a person reads one conversation and nothing else. A token has 256 random bits and is told once; the ledger has
 * its SHA-256, who made the link, when it expires, and who revoked it. A link that is not valid any more stays in the list until its
 * place is needed.
 */
export class Shares {
  readonly #options: SharesOptions;
  readonly #byDigest: Map<string, Share>;

  constructor(options: SharesOptions) {
    this.#options = options;
    this.#byDigest = new Map(options.ledger.shares().map((share) => [share.digest, share]));
  }

  static isToken(token: string | undefined): token is string {
    return token?.startsWith(prefix) === true;
  }

  /** Undefined when there are as many valid links as there may be. Throws when the ledger cannot be written. */
  make(conversation: string, by: string, minutes = defaultShareMinutes): MadeShare | undefined {
    const now = this.#options.now();
    const valid = this.#of(conversation).filter((share) => this.#isValid(share, now));
    if (valid.length >= maxValid || !this.#hasPlace(now)) return undefined;
    const token = prefix + randomBytes(32).toString('base64url');
    const share: Share = {
      id: randomBytes(6).toString('hex'),
      conversation,
      digest: digestOf(token).toString('hex'),
      by,
      madeAt: now,
      expiresAt: now + minutes * minuteMs,
    };
    this.#keep(share);
    return { share, token };
  }

  /** False when the conversation has no such link. Revoking a link again changes nothing. */
  revoke(conversation: string, id: string, by: string): boolean {
    const share = this.#of(conversation).find((one) => one.id === id);
    if (!share) return false;
    if (!share.revoked) this.#keep({ ...share, revoked: { at: this.#options.now(), by } });
    return true;
  }

  /** The conversation is gone, and its links with it: another one may get its id. */
  forget(conversation: string): void {
    for (const { digest } of this.#of(conversation)) this.#byDigest.delete(digest);
  }

  /** All links of a conversation, the newest first. */
  of(conversation: string): readonly ShareView[] {
    return this.#of(conversation).reverse().map(viewOf);
  }

  identify(token: string): Verdict {
    const digest = digestOf(token).toString('hex');
    const share = this.#byDigest.get(digest);
    if (!share) return { ok: false, code: 'unauthenticated', problem: 'there is no such share link' };
    const isValid = (now: number): boolean => {
      const current = this.#byDigest.get(digest);
      return current !== undefined && this.#isValid(current, now);
    };
    if (!isValid(this.#options.now())) {
      const why = share.revoked ? 'was revoked' : 'has expired';
      return { ok: false, code: 'unauthenticated', problem: `this share link ${why}` };
    }
    const { conversation, expiresAt } = share;
    const identity: Identity = {
      ...{ role: 'observer', names: [], send: [], isValid },
      share: { conversation, expiresAt },
    };
    return { ok: true, identity };
  }

  /** Makes place by removing the oldest link that is not valid any more. */
  #hasPlace(now: number): boolean {
    if (this.#byDigest.size < maxShares) return true;
    const old = [...this.#byDigest.values()].find((share) => !this.#isValid(share, now));
    if (!old) return false;
    this.#options.ledger.removeShare(old.id);
    this.#byDigest.delete(old.digest);
    return true;
  }

  #of(conversation: string): Share[] {
    return [...this.#byDigest.values()].filter((share) => share.conversation === conversation);
  }

  #isValid({ revoked, expiresAt }: Share, now: number): boolean {
    return revoked === undefined && now < expiresAt;
  }

  #keep(share: Share): void {
    this.#options.ledger.keepShare(share);
    this.#byDigest.set(share.digest, share);
  }
}

/**
 * Tokens of share links are known beside all others. A router that needs no tokens knows them, too: a page that was opened with
 * a link shows what the link is for.
 */
export const withShares = (authenticator: Authenticator, shares: Shares): Authenticator => ({
  identify: (token) => (Shares.isToken(token) ? shares.identify(token) : authenticator.identify(token)),
});
