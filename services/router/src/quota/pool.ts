import { SlidingSum } from './sliding-sum.ts';

/** Calls and tokens a minute, and calls at once, that all agents of a model share; 0 is no limit. */
export interface PoolRule {
  readonly requests: number;
  readonly tokens: number;
  readonly concurrency?: number;
}

/** Leave to make one call. It counts from the lease on, and for a window more after the call was made. */
export interface Lease {
  readonly pool: Pool;
  readonly at: number;
  /** Tokens kept back for the call until it is known how many it took. */
  readonly tokens: number;
  state: 'open' | 'called' | 'over';
}

/** A server that says "too many" is believed: the rate falls to this share at once, and creeps back. */
const slowdown = 0.5;
const recovery = 1.1;
const recoveriesPerWindow = 6;
const leastShare = 0.05;
/** A server that takes so many calls at once takes any number that agents make. */
const unlimited = 1_024;
/** However long a peer says that the server wants to be left alone. In windows. */
const longestBlock = 5;
/** What a call is taken to need until one has been seen. In tokens. */
const firstGuess = 1_000;
/** How much the newest call says about the next. */
const weight = 0.2;

/**
 * One rate limiter for everybody behind a model. A call is leased before a turn is granted, and when it was made is
 * known only when its answer comes: until then it counts, whenever it was. So in no window, wherever it begins, does
 * the model server see more calls than the rule, however long a grant or a call travels. Tokens are known
 * afterwards; a call is taken to need what calls needed of late.
 */
export class Pool {
  readonly rule: PoolRule;
  readonly windowMs: number;
  readonly #calls: SlidingSum;
  readonly #tokens: SlidingSum;
  /** Calls leased and perhaps not yet made, and the tokens kept back for calls that are not over. */
  #open = 0;
  #kept = 0;
  #guess: number | undefined;
  /** Of the rule's rates, what is used at the moment. */
  #share = 1;
  #shareSince = 0;
  #blockedUntil = 0;
  /** Calls under way: leased, and not over. */
  #running = 0;
  /** So many at once does the server seem to take; it is found out where calls fail while others run. */
  #atOnce = Number.POSITIVE_INFINITY;
  #atOnceSince = 0;

  constructor(rule: PoolRule, windowMs: number) {
    this.rule = rule;
    this.windowMs = windowMs;
    this.#calls = new SlidingSum(windowMs);
    this.#tokens = new SlidingSum(windowMs);
  }

  /** Undefined when no call is to be had now. */
  lease(now: number): Lease | undefined {
    this.#recoverShare(now);
    const { requests, tokens } = this.rule;
    this.#recoverAtOnce(now);
    if (now < this.#blockedUntil || this.#running >= this.#mostAtOnce) return undefined;
    const calls = this.#open + this.#calls.at(now);
    if (requests > 0 && calls >= Math.max(1, Math.floor(requests * this.#share))) return undefined;
    const guess = this.#guess ?? firstGuess;
    const spent = this.#kept + this.#tokens.at(now);
    // A call that is larger than the rule is made alone, or it would never be made.
    if (tokens > 0 && spent > 0 && spent + guess > tokens * this.#share) return undefined;
    this.#open++;
    this.#running++;
    this.#kept += guess;
    return { pool: this, at: now, tokens: guess, state: 'open' };
  }

  /** A call that is under way already, of a replica that came back: it counts among the calls at once, whatever the rule. */
  rejoin(now: number): Lease {
    this.#running++;
    return { pool: this, at: now, tokens: 0, state: 'called' };
  }

  /** What counts against the rule at the moment, calls under way included. */
  usedAt(now: number): { readonly calls: number; readonly tokens: number; readonly 'at-once': number } {
    return {
      calls: this.#open + this.#calls.at(now),
      tokens: this.#kept + this.#tokens.at(now),
      'at-once': this.#running,
    };
  }

  /** Whether each call counts, and not only how many there are at once. */
  get countsCalls(): boolean {
    return this.rule.requests > 0 || this.rule.tokens > 0;
  }

  get #mostAtOnce(): number {
    return Math.min(this.rule.concurrency || Number.POSITIVE_INFINITY, this.#atOnce);
  }

  /** The call has been made, at the latest now. */
  called(lease: Lease, now: number): void {
    if (lease.state !== 'open') return;
    lease.state = 'called';
    this.#open--;
    this.#calls.add(now, 1);
  }

  /** Nothing more comes of it. `tokens` is missing where nobody says how many it took. */
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

  /** A call that was made before the router started. */
  recover(at: number, tokens = this.#guess ?? firstGuess): void {
    this.#calls.add(at, 1);
    this.#tokens.add(at, tokens);
  }

  /** A 429: everybody behind the model slows down. Those for calls leased before the last one say nothing new. */
  slowDown(lease: Lease, now: number, retryAfterMs = this.windowMs / 60): void {
    const wait = Math.min(retryAfterMs, longestBlock * this.windowMs);
    this.#blockedUntil = Math.max(this.#blockedUntil, now + wait);
    if (this.#share < 1 && lease.at <= this.#shareSince) return;
    this.#share = Math.max(leastShare, this.#share * slowdown);
    this.#shareSince = now;
  }

  /**
   * A call failed. If others ran beside it, the server may take fewer at once: some end the call under way when another one
   * comes. Then half as many are let through; of calls leased before, a failure says nothing new.
   */
  failed(lease: Lease, now: number): void {
    if (this.#running < 2 || lease.at < this.#atOnceSince) return;
    this.#atOnce = Math.max(1, Math.floor(Math.min(this.#running, this.#atOnce) / 2));
    this.#atOnceSince = now;
  }

  /** Twice as many in each window without a failure, until nobody needs more. */
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
