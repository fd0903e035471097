import type { Amounts } from './amounts.ts';
import { Pool, type PoolRule } from './pool.ts';

/** A model call that was made before the router started. `model` is missing when it is no longer known. */
export interface EarlierCall {
  readonly at: number;
  readonly model?: string | undefined;
  readonly tokens?: number | undefined;
}

/** A pool for the metrics. A limit of 0 means no limit. */
export interface PoolUsage {
  readonly pool: string;
  readonly limits: Amounts;
  readonly used: Amounts;
  readonly waiting: number;
  /** What this router may use, where several routers share the pool. */
  readonly share: Amounts | undefined;
}

/** The rate limiters of all models that have one. */
export class Pools {
  readonly #pools = new Map<string, Pool>();

  /** `*` is the pool of every model that has none of its own. `windowMs` is the minute of the rules. */
  constructor(rules: ReadonlyMap<string, PoolRule>, windowMs = 60_000) {
    for (const [model, rule] of rules) this.#pools.set(model, new Pool(rule, windowMs));
  }

  /** The pool in which calls of the model count; undefined when they are not limited. */
  of(model: string | undefined): Pool | undefined {
    return (model === undefined ? undefined : this.#pools.get(model)) ?? this.#pools.get('*');
  }

  /** `waiting`: how many turns wait for a call of the pool. */
  usage(now: number, waiting: (pool: Pool) => number): PoolUsage[] {
    return [...this.#pools].map(([name, pool]) => ({
      pool: name,
      limits: pool.limits,
      used: pool.usedAt(now),
      waiting: waiting(pool),
      share: pool.share,
    }));
  }

  /** New pools with the same rules and no usage. */
  unused(): Pools {
    return new Pools(new Map([...this.#pools].map(([name, { rule }]) => [name, rule])), this.windowMs);
  }

  /** All pools by name. */
  entries(): Iterable<[string, Pool]> {
    return this.#pools.entries();
  }

  get any(): boolean {
    return this.#pools.size > 0;
  }

  /** The longest window of all pools; 0 where there is none. */
  get windowMs(): number {
    return Math.max(0, ...[...this.#pools.values()].map((pool) => pool.windowMs));
  }

  /** Counts earlier calls, oldest first. A call of an unknown pool counts in every pool, so that a restart never causes a burst. */
  recover(calls: Iterable<EarlierCall>): void {
    for (const { model, at, tokens } of calls) {
      const own = model === undefined ? undefined : this.#pools.get(model);
      for (const pool of own ? [own] : this.#pools.values()) pool.recover(at, tokens);
    }
  }
}

const rulePattern = /^\s*(\S+?)\s*=\s*(\d{1,12})?(?:\s*\/\s*(\d{1,12}))?(?:\s*@\s*(\d{1,6}))?\s*$/;

/**
 * `gpt-4.1-nano=60/100000, llama=@1, *=30@4`: model, calls a minute, tokens a minute, calls at once. Undefined when it cannot be
 * read.
 */
export const readPoolRules = (text: string): Map<string, PoolRule> | undefined => {
  const rules = new Map<string, PoolRule>();
  for (const part of text.split(',').filter((one) => one.trim() !== '')) {
    const [, model, requests, tokens, concurrency] = rulePattern.exec(part) ?? [];
    if (model === undefined || (requests === undefined && concurrency === undefined)) return undefined;
    if (requests === undefined && tokens !== undefined) return undefined;
    rules.set(model, {
      requests: Number(requests ?? 0),
      tokens: Number(tokens ?? 0),
      ...(concurrency !== undefined && { concurrency: Number(concurrency) }),
    });
  }
  return rules;
};
