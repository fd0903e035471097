import { type Amounts, amountsBy, noAmounts, units } from '../amounts.ts';
import type { Pool, PoolShare } from '../pool.ts';
import type { Demand } from './negotiate.ts';

/** Blocks of a rule. A router that dies keeps at most one that it has not used from the others, for a window. */
const blocksOfRule = 20;
/** So long after a call the router holds a block in advance. */
const activeMs = 5_000;
/** A need that no turn has repeated for so long is over. */
const needMs = 2_000;

export interface OwnShareOptions {
  readonly pool: Pool;
  /** The steady clock. */
  readonly now: () => number;
  /** Called before the share is used: it may be lost, of which `lose` tells. */
  readonly sample: () => void;
  /** A call waits for a larger share. */
  readonly onNeed: () => void;
}

/** What this router may use of one pool, and what it wants of it. */
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

  /** The size in which shares move. */
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
    // What is more than the rule allows waits for the end of the router's own calls: no share helps.
    const isPossible = units.every((unit) => limits[unit] === 0 || (need?.[unit] ?? 0) <= limits[unit]);
    return {
      used,
      need: isPossible ? need : undefined,
      wish: amountsBy((unit) => used[unit] + ahead[unit]),
      low: amountsBy((unit) => used[unit] + ahead[unit] / 2),
    };
  }

  /** Before the document is written: what is given up may not be used any more. */
  lower(allowed: Amounts): void {
    this.#allowed = amountsBy((unit) => Math.min(this.#allowed[unit], allowed[unit]));
  }

  /** The document is written. Returns whether more may be used than before. */
  set(allowed: Amounts): boolean {
    const before = this.#allowed;
    this.#allowed = allowed;
    return units.some((unit) => allowed[unit] > before[unit]);
  }

  /** Others may have taken what this router held. */
  lose(): void {
    this.#allowed = noAmounts;
  }
}
