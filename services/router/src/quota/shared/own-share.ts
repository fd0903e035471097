import { type Amounts, amountsBy, noAmounts, units } from '../amounts.ts';
import type { Pool, PoolShare } from '../pool.ts';
import type { Demand } from './negotiate.ts';

/** Number of blocks in a rule. A router that dies blocks at most one unused block for the others, for one window. */
const blocksOfRule = 20;
/** For this time after a call the router holds one block in advance. */
const activeMs = 5_000;
/** A need that no turn has repeated for this time is over. */
const needMs = 2_000;

export interface OwnShareOptions {
  readonly pool: Pool;
  /** The steady clock. */
  readonly now: () => number;
  /** Called before the share is used. It calls `lose` if the share may have been lost. */
  readonly sample: () => void;
  /** A call waits for a larger share. */
  readonly onNeed: () => void;
}

/** The share of this router in one pool, and its demand. */
export class OwnShare implements PoolShare {
  readonly pool: Pool;
  readonly #options: OwnShareOptions;
  #allowed = noAmounts;
  #need: { readonly amounts: Amounts; readonly at: number } | undefined;
  #leasedAt = Number.NEGATIVE_INFINITY;

  constructor(options: OwnShareOptions) {
    this.pool = options.pool;
    this.#options = options;
    this.pool.shareBy(this);
  }

  get allowed(): Amounts {
    this.#options.sample();
    return this.#allowed;
  }

  needs(amounts: Amounts): void {
    this.#need = { amounts, at: this.#options.now() };
    this.#options.onNeed();
  }

  leased(): void {
    this.#need = undefined;
    this.#leasedAt = this.#options.now();
  }

  /** The unit in which shares are moved. */
  get block(): Amounts {
    const { limits, guess } = this.pool;
    const block = amountsBy((unit) => Math.max(1, Math.ceil(limits[unit] / blocksOfRule)));
    return { ...block, tokens: Math.max(block.tokens, Math.ceil(guess)) };
  }

  /** `waiting`: how many turns wait for a call of the pool. */
  demand(waiting: number): Demand {
    const { limits, guess } = this.pool;
    const { block } = this;
    const now = this.#options.now();
    const used = this.pool.usedAt(now);
    if (this.#need && now - this.#need.at >= needMs) this.#need = undefined;
    const need = this.#need?.amounts;
    const isActive = need !== undefined || now - this.#leasedAt < activeMs;
    const calls = isActive ? Math.max(1, Math.min(waiting, block.calls)) : 0;
    const ahead: Amounts = {
      calls: isActive ? block.calls : 0,
      tokens: isActive ? Math.max(block.tokens, Math.ceil(calls * guess)) : 0,
      'at-once': isActive ? Math.max(1, Math.min(waiting, block['at-once'])) : 0,
    };
    // If the need exceeds the rule, the call waits for the end of the router's own calls: a larger share would not help.
    const isPossible = units.every((unit) => limits[unit] === 0 || (need?.[unit] ?? 0) <= limits[unit]);
    return {
      used,
      need: isPossible ? need : undefined,
      wish: amountsBy((unit) => used[unit] + ahead[unit]),
      low: amountsBy((unit) => used[unit] + ahead[unit] / 2),
    };
  }

  /** Called before the document is written: what is given up must no longer be used. */
  lower(allowed: Amounts): void {
    this.#allowed = amountsBy((unit) => Math.min(this.#allowed[unit], allowed[unit]));
  }

  /** Called when the document is written. Returns whether more may be used than before. */
  set(allowed: Amounts): boolean {
    const before = this.#allowed;
    this.#allowed = allowed;
    return units.some((unit) => allowed[unit] > before[unit]);
  }

  /** Other routers may have taken the share of this one. */
  lose(): void {
    this.#allowed = noAmounts;
  }
}
