import type { Usage } from '@parley/protocol';

/** Calls and tokens a minute that all agents of a model share; 0 is no limit. */
export interface PoolRule {
  readonly requests: number;
  readonly tokens: number;
}

const windowMs = 60_000;
/** A server that says "too many" is believed: the pool's rate falls to this share, and creeps back. */
const slowdown = 0.5;
const recovery = 1.1;
const leastShare = 0.05;

interface Pool {
  readonly rule: PoolRule;
  /** When calls were leased in the last minute, oldest first. */
  readonly calls: number[];
  readonly tokens: { readonly at: number; readonly count: number }[];
  /** Of the rule's rates, what is used at the moment. */
  share: number;
  blockedUntil: number;
  shareChangedAt: number;
}

/**
 * One rate limiter for everybody behind a model: a call is leased before a turn is granted, so agents never meet
 * each other at the model server's limit. A sliding window, so no minute ever holds more than the rule says.
 */
export class Pools {
  readonly #pools = new Map<string, Pool>();

  /** `*` is the pool of every model that has none of its own. */
  constructor(rules: ReadonlyMap<string, PoolRule>) {
    for (const [model, rule] of rules) {
      this.#pools.set(model, { rule, calls: [], tokens: [], share: 1, blockedUntil: 0, shareChangedAt: 0 });
    }
  }

  has(model: string | undefined): boolean {
    return this.#of(model) !== undefined;
  }

  /** Leases one call of the model; false when there is none to be had now. */
  take(model: string | undefined, now: number): boolean {
    const pool = this.#of(model);
    if (!pool) return true;
    this.#forget(pool, now);
    const { rule, calls, tokens, share } = pool;
    if (now < pool.blockedUntil) return false;
    if (rule.requests > 0 && calls.length >= Math.max(1, Math.floor(rule.requests * share))) return false;
    const spent = tokens.reduce((sum, { count }) => sum + count, 0);
    if (rule.tokens > 0 && spent >= rule.tokens * share) return false;
    calls.push(now);
    return true;
  }

  used({ model, inputTokens, outputTokens }: Usage, now: number): void {
    const pool = this.#of(model);
    if (pool && pool.rule.tokens > 0) pool.tokens.push({ at: now, count: inputTokens + outputTokens });
  }

  /** A 429: everybody behind the model slows down. */
  slowDown(model: string | undefined, now: number, retryAfterMs = 1_000): void {
    const pool = this.#of(model);
    if (!pool) return;
    pool.share = Math.max(leastShare, pool.share * slowdown);
    pool.blockedUntil = Math.max(pool.blockedUntil, now + retryAfterMs);
    pool.shareChangedAt = now;
  }

  #of(model: string | undefined): Pool | undefined {
    return (model === undefined ? undefined : this.#pools.get(model)) ?? this.#pools.get('*');
  }

  #forget(pool: Pool, now: number): void {
    const { calls, tokens } = pool;
    while (calls.length > 0 && (calls[0] as number) <= now - windowMs) calls.shift();
    while (tokens.length > 0 && (tokens[0]?.at ?? now) <= now - windowMs) tokens.shift();
    if (pool.share < 1 && now - pool.shareChangedAt >= windowMs / 6) {
      pool.share = Math.min(1, pool.share * recovery);
      pool.shareChangedAt = now;
    }
  }
}

/** `gpt-4.1-nano=60/100000, *=30`: model, calls a minute, tokens a minute. Undefined when it cannot be read. */
export const readPoolRules = (text: string): Map<string, PoolRule> | undefined => {
  const rules = new Map<string, PoolRule>();
  for (const part of text.split(',').filter((one) => one.trim() !== '')) {
    const match = /^\s*(\S+)\s*=\s*(\d+)(?:\s*\/\s*(\d+))?\s*$/.exec(part);
    if (!match) return undefined;
    rules.set(match[1] as string, { requests: Number(match[2]), tokens: Number(match[3] ?? 0) });
  }
  return rules;
};
