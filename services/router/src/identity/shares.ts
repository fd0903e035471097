import { randomBytes } from 'node:crypto';
import { defaultShareMinutes, type ShareView } from '@parley/protocol';
import type { SharedTable } from '../cluster/cluster.ts';
import type { Ledger, Share } from '../ledger/ledger.ts';
import type { Authenticator, Verdict } from './authenticator.ts';
import type { Identity } from './identity.ts';
import { SharedLinks } from './shared-links.ts';
import { digestOf } from './token-list.ts';

/** Every token of a share link begins with it, so that other tokens are not looked up among share links. */
const prefix = 'share_';
const minuteMs = 60_000;
/** Links of one conversation that are valid at once. */
const maxValid = 100;
/** Links in the ledger. When the maximum is reached, the oldest link that is no longer valid is replaced by a new one. */
const maxShares = 10_000;

export interface SharesOptions {
  readonly ledger: Pick<Ledger, 'shares' | 'keepShare' | 'removeShare' | 'linksIn' | 'keepLinksIn'>;
  /** Ms since 1970. */
  readonly now: () => number;
  /** The table of all routers; undefined where there is one router. */
  readonly table?: SharedTable | undefined;
  /** Called when a link could not be written and no request waits for it. */
  readonly onFailure?: (error: unknown) => void;
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
 * Links with which a person reads one conversation and nothing else. A token has 256 random bits and is shown once. The ledger
 * has its SHA-256, who made the link, when it expires, and who revoked it. A link that is no longer valid stays in the list
 * until its slot is needed.
 */
export class Shares {
  readonly #options: SharesOptions;
  readonly #byDigest: Map<string, Share>;
  readonly #shared: SharedLinks | undefined;

  constructor(options: SharesOptions) {
    const { table, ledger } = options;
    this.#options = options;
    this.#byDigest = new Map(ledger.shares().map((share) => [share.digest, share]));
    this.#shared =
      table &&
      new SharedLinks({
        table,
        onKept: (share) => this.#keptElsewhere(share),
        onRemoved: (id) => this.#removed(id),
      });
  }

  /** Resolves when the links are known that other routers have made. */
  async start(): Promise<void> {
    if (!this.#shared) return;
    const { ledger, onFailure } = this.#options;
    const now = this.#options.now();
    const valid = ledger.shares().filter((share) => this.#isValid(share, now));
    const incarnation = await this.#shared.start(valid, ledger.linksIn?.());
    try {
      ledger.keepLinksIn?.(incarnation);
    } catch (error) {
      // The disk is full. The next start brings the links again.
      onFailure?.(error);
    }
  }

  static isToken(token: string | undefined): token is string {
    return token?.startsWith(prefix) === true;
  }

  /** Undefined when there are as many links as there may be. Rejects when the ledger cannot be written. */
  async make(
    conversation: string,
    by: string,
    minutes = defaultShareMinutes,
  ): Promise<MadeShare | undefined> {
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
    if (this.#shared) await this.#shared.make(share);
    this.#keep(share);
    return { share, token };
  }

  /** False when the conversation has no such link. Revoking a link again changes nothing. */
  async revoke(conversation: string, id: string, by: string): Promise<boolean> {
    const share = this.#of(conversation).find((one) => one.id === id);
    if (!share) return false;
    if (share.revoked) return true;
    const revoked = { at: this.#options.now(), by };
    const after = this.#shared ? await this.#shared.revoke(id, revoked) : { ...share, revoked };
    if (after) this.#keep(after);
    else this.#removed(id);
    return after !== undefined;
  }

  /** The conversation was removed, and its links with it: a new conversation may get the same id. */
  forget(conversation: string): void {
    for (const { digest, id } of this.#of(conversation)) {
      this.#byDigest.delete(digest);
      this.#removeShared(id);
    }
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

  /** Frees a slot by removing the oldest link that is no longer valid. */
  #hasPlace(now: number): boolean {
    if (this.#byDigest.size < maxShares) return true;
    const old = [...this.#byDigest.values()].find((share) => !this.#isValid(share, now));
    if (!old) return false;
    this.#removed(old.id);
    this.#removeShared(old.id);
    return true;
  }

  #of(conversation: string): Share[] {
    return [...this.#byDigest.values()].filter((share) => share.conversation === conversation);
  }

  #isValid({ revoked, expiresAt }: Share, now: number): boolean {
    return revoked === undefined && now < expiresAt;
  }

  #removed(id: string): void {
    this.#options.ledger.removeShare(id);
    for (const share of this.#byDigest.values()) if (share.id === id) this.#byDigest.delete(share.digest);
  }

  /** The link becomes invalid at this router immediately, whatever the table contains. */
  #removeShared(id: string): void {
    this.#shared?.remove(id).catch((error: unknown) => this.#options.onFailure?.(error));
  }

  /** Kept here, too: what is copied from this ledger has the links of all routers. */
  #keptElsewhere(share: Share): void {
    const known = this.#byDigest.get(share.digest);
    this.#byDigest.set(share.digest, share);
    if (known && known.revoked?.at === share.revoked?.at) return;
    try {
      this.#options.ledger.keepShare(share);
    } catch {
      // Its conversation is not here, or the disk is full: the table has the link.
    }
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
