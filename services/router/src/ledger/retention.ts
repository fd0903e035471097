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
  /** Ended conversations that must not be removed yet. */
  inUse(): ReadonlySet<string>;
  onRemoved(conversation: string): void;
  onFailure(error: unknown): void;
}

/** A step is small, so that it delays the other work of the router only a little. */
const entriesPerStep = 500;
const candidatesPerStep = 500;

/** One walk over the ended conversations, first to end first. */
interface Sweep {
  readonly startedAt: number;
  /** The conversations that were in use when the sweep started. Those that ended later are left to the next sweep. */
  readonly needed: ReadonlySet<string>;
  /** The last conversation that the sweep has passed. */
  after: EndedConversation | undefined;
}

/**
 * Removes ended conversations that are over the limits of the rule, in small steps; never running ones. Each step continues
 * where the one before it stopped, so conversations that are still in use do not block the others, however many they are.
 */
export class Retention {
  readonly #options: RetentionOptions;
  #sweep: Sweep | undefined;
  /** The conversation that a step removed only in part. */
  #begun: string | undefined;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** One small step. Returns true when the next step should follow at once. */
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

  /** The conversations to remove next; empty when the sweep is complete. */
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
    // The clock was set back. `needed` may lack a conversation that has ended since the start of the sweep.
    const { startedAt, needed, after } = this.#sweep;
    const page = now < startedAt ? [] : ledger.removable(candidatesPerStep, after);
    const due = page.filter((one) => isDue(one) && one.at < startedAt);
    const free = due.filter(({ id }) => !needed.has(id));
    // A removed conversation is not listed again, so `after` has to pass only those in use.
    if (free.length === 0) this.#sweep.after = due.at(-1);
    if (free.length === 0 && due.length < candidatesPerStep) this.#sweep = undefined;
    return free.map(({ id }) => id);
  }

  #over(): string[] {
    this.#sweep = undefined;
    return [];
  }
}
