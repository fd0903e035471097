import type { Amounts } from './amounts.ts';
import { SlidingSum } from './sliding-sum.ts';

/** Calls and tokens a minute, and calls at once, that all agents of a model share; 0 is no limit. */
export interface PoolRule {
  readonly requests: number;
  readonly tokens: number;
  readonly concurrency?: number;
}

/** What this router may use of a pool that several routers share. */
export interface PoolShare {
  /** Not more than the rule. */
  readonly allowed: Amounts;
  /** A call waits because it would need these amounts in total. */
  needs(amounts: Amounts): void;
  /** A call was leased. */
  leased(): void;
}

/** A permit for one model call. It counts from the lease until one window after the call was made. */
export interface Lease {
  readonly pool: Pool;
  readonly at: number;
  /** Tokens reserved for the call until the real number is known. */
  readonly tokens: number;
  state: 'open' | 'called' | 'over';
}

/** After a 429 the rate drops to this share immediately, and recovers slowly. */
const slowdown = 0.5;
const recovery = 1.1;
const recoveriesPerWindow = 6;
const leastShare = 0.05;
/** From this number of concurrent calls on, no limit is assumed. */
const unlimited = 1_024;
/** The longest block, in windows, that a `retryAfterMs` of a peer may cause. */
const longestBlock = 5;
/** Estimate of the tokens of a call before the first call was measured. */
const firstGuess = 1_000;
/** Weight of the newest call in the moving average of tokens. */
const weight = 0.2;

/**
 * The rate limiter that all agents of a model share. A call is leased before a turn is granted. The time of the call is known
 * only when its answer arrives, so it counts until then. Therefore the model server receives no more calls than the rule in any
 * window, however long a grant or a call takes. Tokens are known afterwards: they are estimated by the moving average of
 * earlier calls.
 */
export class Pool {
  readonly rule: PoolRule;
  /** The rule by unit; 0 is no limit. */
  readonly limits: Amounts;
  readonly windowMs: number;
  readonly #calls: SlidingSum;
  readonly #tokens: SlidingSum;
  /** Calls that are leased and perhaps not yet made, and the tokens reserved for calls that are not over. */
  #open = 0;
  #kept = 0;
  #guess: number | undefined;
  /** The share of the rule's rates that may be used now. */
  #share = 1;
  #shareSince = 0;
  #blockedUntil = 0;
  /** Calls under way: leased, and not over. */
  #running = 0;
  /** Estimate of how many calls at once the server accepts. It falls when a call fails while others run. */
  #atOnce = Number.POSITIVE_INFINITY;
  #atOnceSince = 0;
  #sharing: PoolShare | undefined;

  constructor(rule: PoolRule, windowMs: number) {
    this.rule = rule;
    this.limits = { calls: rule.requests, tokens: rule.tokens, 'at-once': rule.concurrency ?? 0 };
    this.windowMs = windowMs;
    this.#calls = new SlidingSum(windowMs);
    this.#tokens = new SlidingSum(windowMs);
  }

  /** Other routers use the pool as well: from now on this router uses only its share. */
  shareBy(sharing: PoolShare): void {
    this.#sharing = sharing;
  }

  /** What this router may use, where several routers share the pool. */
  get share(): Amounts | undefined {
    return this.#sharing?.allowed;
  }

  /** Undefined when no call may be made now. */
  lease(now: number): Lease | undefined {
    this.#recoverShare(now);
    this.#recoverAtOnce(now);
    if (now < this.#blockedUntil || !this.#fits(this.limits, now)) return undefined;
    const guess = this.guess;
    if (this.#sharing && !this.#fits(this.#sharing.allowed, now)) {
      const { calls, tokens, 'at-once': running } = this.usedAt(now);
      const needed = { calls: calls + 1, tokens: this.#tokensWithOneMore(tokens), 'at-once': running + 1 };
      this.#sharing.needs(needed);
      return undefined;
    }
    this.#sharing?.leased();
    this.#open++;
    this.#running++;
    this.#kept += guess;
    return { pool: this, at: now, tokens: guess, state: 'open' };
  }

  /** A call that is under way already, of a replica that reconnected. It counts as a call at once, also above the limit. */
  rejoin(now: number): Lease {
    this.#running++;
    return { pool: this, at: now, tokens: 0, state: 'called' };
  }

  /** What counts against the rule at the moment, calls under way included. */
  usedAt(now: number): Amounts {
    return {
      calls: this.#open + this.#calls.at(now),
      tokens: this.#kept + this.#tokens.at(now),
      'at-once': this.#running,
    };
  }

  /** Estimate of the tokens of the next call. */
  get guess(): number {
    return this.#guess ?? firstGuess;
  }

  /**
   * What the next call needs of the tokens. A call that is larger than the rule is made alone; otherwise it would never be
   * made.
   */
  #tokensWithOneMore(spent: number): number {
    return spent === 0 ? Math.min(this.guess, this.rule.tokens) : spent + this.guess;
  }

  /** Whether one more call is within `most`, at the present rates. */
  #fits(most: Amounts, now: number): boolean {
    const { requests, tokens, concurrency } = this.rule;
    if (this.#running >= Math.min(concurrency ? most['at-once'] : Number.POSITIVE_INFINITY, this.#atOnce))
      return false;
    const calls = most.calls < 1 ? 0 : Math.max(1, Math.floor(most.calls * this.#share));
    if (requests > 0 && this.#open + this.#calls.at(now) >= calls) return false;
    if (tokens === 0) return true;
    const spent = this.#kept + this.#tokens.at(now);
    return this.#tokensWithOneMore(spent) <= most.tokens * (spent === 0 ? 1 : this.#share);
  }

  /** Whether calls or tokens are limited, and not only the number of calls at once. */
  get countsCalls(): boolean {
    return this.rule.requests > 0 || this.rule.tokens > 0;
  }

  /** The call has been made, at the latest now. */
  called(lease: Lease, now: number): void {
    if (lease.state !== 'open') return;
    lease.state = 'called';
    this.#open--;
    this.#calls.add(now, 1);
  }

  /** The call is over. `tokens` is missing where the number is not known. */
  over(lease: Lease, now: number, tokens?: number): void {
    if (lease.state === 'over') return;
    this.called(lease, now);
    lease.state = 'over';
    this.#running--;
    this.#kept -= lease.tokens;
    this.#tokens.add(now, tokens ?? lease.tokens);
    if (tokens === undefined) return;
    this.#guess = this.#guess === undefined ? tokens : this.#guess + (tokens - this.#guess) * weight;
  }

  /** The call will not be made: nothing of it counts. */
  cancel(lease: Lease): void {
    if (lease.state !== 'open') return;
    lease.state = 'over';
    this.#open--;
    this.#running--;
    this.#kept -= lease.tokens;
  }

  /** A call that was made before the router started. */
  recover(at: number, tokens = this.#guess ?? firstGuess): void {
    this.#calls.add(at, 1);
    this.#tokens.add(at, tokens);
  }

  /** A 429: all agents of the model slow down. A 429 for a call that was leased before the last slow-down is no new information. */
  slowDown(lease: Lease, now: number, retryAfterMs = this.windowMs / 60): void {
    const wait = Math.min(retryAfterMs, longestBlock * this.windowMs);
    this.#blockedUntil = Math.max(this.#blockedUntil, now + wait);
    if (this.#share < 1 && lease.at <= this.#shareSince) return;
    this.#share = Math.max(leastShare, this.#share * slowdown);
    this.#shareSince = now;
  }

  /**
   * A call failed. If others ran at the same time, the server may accept fewer at once: some servers end a running call when
   * another one comes. Then half as many are allowed. The failure of a call that was leased before that is no new information.
   */
  failed(lease: Lease, now: number): void {
    if (this.#running < 2 || lease.at < this.#atOnceSince) return;
    this.#atOnce = Math.max(1, Math.floor(Math.min(this.#running, this.#atOnce) / 2));
    this.#atOnceSince = now;
  }

  /** Twice as many after each window without a failure, until there is no limit. */
  #recoverAtOnce(now: number): void {
    while (this.#atOnce < unlimited && now - this.#atOnceSince >= this.windowMs) {
      this.#atOnce *= 2;
      this.#atOnceSince += this.windowMs;
    }
    if (this.#atOnce >= unlimited) this.#atOnce = Number.POSITIVE_INFINITY;
  }

  #recoverShare(now: number): void {
    if (this.#share === 1) return;
    const every = this.windowMs / recoveriesPerWindow;
    const steps = Math.floor((now - this.#shareSince) / every);
    if (steps <= 0) return;
    this.#share = Math.min(1, this.#share * recovery ** steps);
    this.#shareSince += steps * every;
  }
}
