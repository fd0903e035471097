import type { EndedConversation, Ledger } from './ledger.ts';

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
const candidatesPerStep = 500;

/** One walk over the ended conversations, first to end first. */
interface Sweep {
  readonly startedAt: number;
  /** What was needed when it started. What ended later is left for the next sweep. */
  readonly needed: ReadonlySet<string>;
  /** How far it has come. */
  after: EndedConversation | undefined;
}

/**
 * Removes what has been kept long enough, a little at a time; never what still runs. Each step takes up where the one
 * before it stopped, so conversations that are still needed stand in the way of no other, however many they are.
 */
export class Retention {
  readonly #options: RetentionOptions;
  #sweep: Sweep | undefined;
  /** What a step could not remove whole. */
  #begun: string | undefined;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** One small step. True when there is more to do at once. */
  tick(now: number): boolean {
    const { ledger, rule, onRemoved, onFailure } = this.#options;
    try {
      const excess = rule.maxBytes > 0 ? Math.max(0, ledger.size() - rule.maxBytes) : 0;
      const due = this.#begun === undefined ? this.#next(now, excess) : [this.#begun];
      if (due.length === 0) return this.#sweep !== undefined;
      const { gone, begun } = ledger.remove(due, entriesPerStep, excess > 0 ? excess : undefined);
      this.#begun = begun;
      for (const id of due.slice(0, begun === undefined ? gone : gone + 1)) onRemoved(id);
      return true;
    } catch (error) {
      onFailure(error);
      return false;
    }
  }

  /** What may be removed next; the sweep is over when it has met all that is due. */
  #next(now: number, excess: number): string[] {
    const { ledger, rule, inUse } = this.#options;
    if (excess === 0 && rule.maxAgeMs === 0) return this.#over();
    const isDue = ({ at }: EndedConversation) =>
      excess > 0 || (rule.maxAgeMs > 0 && at < now - rule.maxAgeMs);
    if (!this.#sweep) {
      const [oldest] = ledger.removable(1);
      if (!oldest || !isDue(oldest)) return this.#over();
      this.#sweep = { startedAt: now, needed: inUse(), after: undefined };
    }
    // A clock that was set back: what was needed at the start says nothing about what has ended since.
    const { startedAt, needed, after } = this.#sweep;
    const page = now < startedAt ? [] : ledger.removable(candidatesPerStep, after);
    const due = page.filter((one) => isDue(one) && one.at < startedAt);
    const free = due.filter(({ id }) => !needed.has(id));
    // What is removed is not listed again, so only what is needed has to be passed by.
    if (free.length === 0) this.#sweep.after = due.at(-1);
    if (free.length === 0 && due.length < candidatesPerStep) this.#sweep = undefined;
    return free.map(({ id }) => id);
  }

  #over(): string[] {
    this.#sweep = undefined;
    return [];
  }
}
