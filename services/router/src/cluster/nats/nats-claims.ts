import { randomUUID } from 'node:crypto';
import type { AttemptPlace, Claim, ClaimChange, TableChange, TurnClaims } from '../cluster.ts';
import { KnownClaims } from '../known-claims.ts';
import type { NatsTable } from './nats-table.ts';

export interface ClaimsOptions {
  readonly table: Pick<NatsTable, 'watch' | 'create' | 'get' | 'deleteSoon'>;
  readonly self: string;
  /** The steady clock. */
  readonly now: () => number;
  readonly onFailure: (error: unknown) => void;
}

/** The value in the bucket under the key of an attempt. */
interface StoredClaim {
  readonly router: string;
  readonly member: string;
  readonly ttlMs: number;
  /** New for each attempt to create the key, because the answer of the server may be lost. */
  readonly nonce: string;
}

/**
 * Delay between the release of a claim and the deletion of its key. By then the other routers have the entry that ended the
 * attempt. Without the delay they would see an open turn without a claim.
 */
const releaseAfterMs = 1_000;

// A dot separates the parts of the key. `=` is in no id of a conversation.
const keyOf = ({ conversation, turn, attempt }: AttemptPlace): string =>
  `${conversation.replaceAll('.', '=')}.${turn}.${attempt}`;

const placeOf = (key: string): AttemptPlace | undefined => {
  const [conversation = '', turn, attempt, ...rest] = key.split('.');
  const place = {
    conversation: conversation.replaceAll('=', '.'),
    turn: Number(turn),
    attempt: Number(attempt),
  };
  const isKey = rest.length === 0 && Number.isSafeInteger(place.turn) && Number.isSafeInteger(place.attempt);
  return isKey ? place : undefined;
};

const storedIn = (value: unknown): StoredClaim | undefined => {
  const { router, member, ttlMs, nonce } = (value ?? {}) as Partial<Record<keyof StoredClaim, unknown>>;
  const isClaim = typeof router === 'string' && typeof member === 'string' && typeof ttlMs === 'number';
  return isClaim ? { router, member, ttlMs, nonce: String(nonce) } : undefined;
};

/** Claims as keys of a bucket in the memory of the servers: the first router that creates the key of an attempt has it. */
export class NatsClaims implements TurnClaims {
  readonly #options: ClaimsOptions;
  readonly #known = new KnownClaims();
  readonly #listeners: ((change: ClaimChange) => void)[] = [];
  /** Revisions of the claims of this router. */
  readonly #own = new Map<string, number>();
  /** Claims whose making is under way. `seen`: the revision, where the bucket has told it before the answer came. */
  readonly #making = new Map<string, { readonly nonce: string; seen?: number }>();
  /** Own claims whose answer was lost, and which nothing has asked for since. */
  readonly #found = new Set<string>();
  /** Timers of claims that are to be deleted. */
  readonly #releasing = new Map<string, NodeJS.Timeout>();

  constructor(options: ClaimsOptions) {
    this.#options = options;
  }

  /** Resolves when the claims that exist are known. */
  start(): Promise<void> {
    return this.#options.table.watch((change) => this.#seen(change));
  }

  async make(claim: AttemptPlace & { readonly member: string }, ttlMs: number): Promise<boolean> {
    const { self, onFailure } = this.#options;
    const key = keyOf(claim);
    if (this.#making.has(key)) return false;
    const releasing = this.#releasing.get(key);
    if (releasing !== undefined || this.#found.delete(key)) {
      // It was released a moment ago, or its answer was lost: its key still exists.
      clearTimeout(releasing);
      this.#releasing.delete(key);
      this.#made(claim, self, ttlMs);
      return true;
    }
    const stored: StoredClaim = { router: self, member: claim.member, ttlMs, nonce: randomUUID() };
    const making: { readonly nonce: string; seen?: number } = { nonce: stored.nonce };
    this.#making.set(key, making);
    const answered = await this.#create(key, stored, ttlMs).catch((error: unknown) => {
      onFailure(error);
      return undefined;
    });
    this.#making.delete(key);
    const revision = answered ?? making.seen;
    if (revision === undefined) return false;
    this.#own.set(key, revision);
    this.#made(claim, self, ttlMs);
    return true;
  }

  release(place: AttemptPlace): void {
    const key = keyOf(place);
    const revision = this.#own.get(key);
    if (revision === undefined || this.#releasing.has(key)) return;
    this.#known.ended(place);
    this.#found.delete(key);
    const deletes = () => {
      this.#releasing.delete(key);
      this.#own.delete(key);
      this.#options.table.deleteSoon(key, revision);
    };
    this.#releasing.set(key, setTimeout(deletes, releaseAfterMs).unref());
  }

  at(conversation: string, turn: number): Claim | undefined {
    return this.#known.newest(conversation, turn);
  }

  inConversation(conversation: string): Iterable<Claim> {
    return this.#known.inConversation(conversation);
  }

  *own(): Iterable<Claim> {
    for (const claim of this.#known.all()) if (claim.router === this.#options.self) yield claim;
  }

  *others(): Iterable<Claim> {
    for (const claim of this.#known.all()) if (claim.router !== this.#options.self) yield claim;
  }

  follow(listener: (change: ClaimChange) => void): void {
    this.#listeners.push(listener);
  }

  /** Removes expired claims: the bucket sends no message when a key expires. */
  tick(): void {
    for (const claim of this.#known.expire(this.#options.now())) {
      const key = keyOf(claim);
      this.#forgetFound(key);
      if (claim.router === this.#options.self && !this.#releasing.has(key)) this.#own.delete(key);
      this.#notify({ type: 'ended', claim });
    }
  }

  /** Deletes the released claims immediately. */
  stop(): void {
    for (const [key, timer] of this.#releasing) {
      clearTimeout(timer);
      this.#options.table.deleteSoon(key, this.#own.get(key) ?? 0);
    }
    this.#releasing.clear();
  }

  /** When the answer is lost, reads from the bucket which router has the claim. */
  async #create(key: string, stored: StoredClaim, ttlMs: number): Promise<number | undefined> {
    const { table } = this.#options;
    try {
      return await table.create(key, stored, ttlMs);
    } catch {
      const entry = await table.get(key);
      if (!entry) return table.create(key, stored, ttlMs);
      return storedIn(entry.value)?.nonce === stored.nonce ? entry.revision : undefined;
    }
  }

  #made({ conversation, turn, attempt, member }: Omit<Claim, 'router'>, router: string, ttlMs: number): void {
    const claim: Claim = { conversation, turn, attempt, member, router };
    if (this.#known.made(claim, this.#options.now() + ttlMs)) this.#notify({ type: 'made', claim });
  }

  #seen({ key, entry }: TableChange): void {
    const place = placeOf(key);
    if (!place) return;
    const stored = entry && storedIn(entry.value);
    if (!stored) {
      const isGone = this.#forgetFound(key);
      const known = this.#known.get(place);
      if (known?.router === this.#options.self && !isGone) return;
      const claim = this.#known.ended(place);
      if (claim) this.#notify({ type: 'ended', claim });
      return;
    }
    if (stored.router === this.#options.self) this.#seenOwn(key, place, stored, entry.revision);
    else {
      this.#forgetFound(key);
      this.#made({ ...place, member: stored.member }, stored.router, stored.ttlMs);
    }
  }

  /** The key of an own claim is gone. True when nothing has asked for this claim, so that no grant relies on it. */
  #forgetFound(key: string): boolean {
    const isFound = this.#found.delete(key);
    if (isFound) this.#own.delete(key);
    return isFound;
  }

  /**
   * A claim of this router is known from the answer to `create`. When that answer was lost, the router holds the claim nevertheless: otherwise
   * no router could grant the turn until the claim expires. A claim that belongs to no grant is released as usual.
   */
  #seenOwn(key: string, place: AttemptPlace, stored: StoredClaim, revision: number): void {
    if (this.#own.has(key)) return;
    const making = this.#making.get(key);
    if (making?.nonce === stored.nonce) making.seen = revision;
    if (making) return;
    this.#own.set(key, revision);
    this.#found.add(key);
    this.#made({ ...place, member: stored.member }, this.#options.self, stored.ttlMs);
  }

  #notify(change: ClaimChange): void {
    if (change.claim.router === this.#options.self) return;
    for (const listener of this.#listeners) listener(change);
  }
}
