import type { Ledger } from './ledger.ts';

/** 0 is no limit. */
export interface RetentionRule {
  /** Ended conversations older than this are removed. */
  readonly maxAgeMs: number;
  /** While the ledger is larger than this, ended conversations are removed, first to end first. */
  readonly maxBytes: number;
}

export interface RetentionOptions {
  readonly ledger: Ledger;
  readonly rule: RetentionRule;
  /** Conversations that somebody still needs although they have ended. */
  inUse(): ReadonlySet<string>;
  onRemoved(conversation: string): void;
  onFailure(error: unknown): void;
}

/** Few enough that everybody else hardly waits. */
const entriesPerStep = 500;
const candidates = 100;

/** Removes what has been kept long enough, a little at a time; never what still runs. */
export class Retention {
  readonly #options: RetentionOptions;
  #underWay: string | undefined;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** One small step. True when there is more to do at once. */
  tick(now: number): boolean {
    const { ledger, onRemoved, onFailure } = this.#options;
    try {
      this.#underWay ??= this.#next(now);
      if (this.#underWay === undefined) return false;
      onRemoved(this.#underWay);
      if (ledger.remove(this.#underWay, entriesPerStep)) this.#underWay = undefined;
      return true;
    } catch (error) {
      onFailure(error);
      return false;
    }
  }

  #next(now: number): string | undefined {
    const { ledger, rule, inUse } = this.#options;
    const tooLarge = rule.maxBytes > 0 && ledger.size() > rule.maxBytes;
    const [oldest] = tooLarge || rule.maxAgeMs > 0 ? ledger.removable(1) : [];
    const isDue = (at: number) => tooLarge || (rule.maxAgeMs > 0 && at < now - rule.maxAgeMs);
    if (!oldest || !isDue(oldest.at)) return undefined;
    const needed = inUse();
    return ledger.removable(candidates).find(({ id, at }) => isDue(at) && !needed.has(id))?.id;
  }
}
