import { type Ending, type Entry, type Minute, overviewMinutes } from '@parley/protocol';
import type { TurnObserver } from '../turns/grants/grant.ts';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
/** Failures that are remembered. */
const maxFailures = 20;
/** Endings by which a conversation did not come to what it was opened for, and a person can do something about it. */
const failures: ReadonlySet<Ending> = new Set(['failed', 'absent']);

/** A conversation that a failure ended. */
export interface EndedByFailure {
  readonly conversation: string;
  readonly ending: Ending;
  readonly detail?: string | undefined;
  readonly at: number;
}

interface Today {
  since: number;
  turns: number;
  inputTokens: number;
  outputTokens: number;
  cost: number;
  readonly ended: Map<Ending, number>;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const dayOf = (at: number): number => Math.floor(at / dayMs) * dayMs;
const minuteOf = (at: number): number => Math.floor(at / minuteMs) * minuteMs;
const nothingSince = (since: number): Today => ({
  since,
  turns: 0,
  inputTokens: 0,
  outputTokens: 0,
  cost: 0,
  ended: new Map(),
});

/**
 * Sums of the day (UTC) and of each minute of the last hour, and the last failures, for the overview. All of it except the
 * durations of turns can be counted again from the entries of the ledger.
 */
export class Activity implements TurnObserver {
  /** Entries up to this position of the ledger are of earlier routers: they are counted when the sums are first asked for. */
  readonly startedAt: number;
  isRecovered = false;
  readonly #wall: () => number;
  readonly #minutes = new Map<number, Mutable<Minute>>();
  readonly #failures: EndedByFailure[] = [];
  #today: Today;

  /** `startedAt`: the position of the ledger now. */
  constructor(wall: () => number, startedAt: number) {
    this.#wall = wall;
    this.startedAt = startedAt;
    this.#today = nothingSince(wall());
  }

  get today(): Readonly<Today> {
    this.#turnDay();
    return this.#today;
  }

  /** The conversations that a failure ended, the newest first. Retention may have removed some of them. */
  get failures(): readonly EndedByFailure[] {
    return this.#failures.toSorted((a, b) => b.at - a.at);
  }

  /** The last hour, oldest first, without gaps. */
  get minutes(): readonly Minute[] {
    const last = minuteOf(this.#wall());
    return Array.from({ length: overviewMinutes }, (_, i) => {
      const at = last - (overviewMinutes - 1 - i) * minuteMs;
      return this.#minutes.get(at) ?? { at, turns: 0, tokens: 0, cost: 0, waitMs: 0, modelMs: 0 };
    });
  }

  granted(waitedMs: number): void {
    this.#minute(this.#wall()).waitMs += Math.max(0, waitedMs);
  }

  answered(tookMs: number): void {
    this.#minute(this.#wall()).modelMs += Math.max(0, tookMs);
  }

  /** Entries that are new in the ledger. */
  onCommit(conversation: string, entries: readonly Entry[]): void {
    for (const entry of entries) this.#count(conversation, entry);
  }

  /** Counts an entry from before this router started. */
  recover(conversation: string, entry: Entry): void {
    this.#count(conversation, entry);
  }

  /** All entries since `at` have been counted. */
  recoveredSince(at: number): void {
    this.#today.since = Math.max(dayOf(this.#wall()), Math.min(this.#today.since, at));
  }

  #count(conversation: string, entry: Entry): void {
    this.#turnDay();
    const { at } = entry;
    const today = dayOf(at) === dayOf(this.#wall()) ? this.#today : nothingSince(at);
    if (entry.type === 'ended') {
      today.ended.set(entry.reason, (today.ended.get(entry.reason) ?? 0) + 1);
      if (failures.has(entry.reason)) this.#failed(conversation, entry);
    }
    const isTurn = entry.type === 'said' || entry.type === 'passed';
    const usage = 'usage' in entry ? entry.usage : undefined;
    if (!isTurn && !usage) return;
    const cost = ('cost' in entry && entry.cost) || 0;
    const { inputTokens = 0, outputTokens = 0 } = usage ?? {};
    const minute = this.#minute(at);
    for (const sum of [today, minute]) {
      if (isTurn) sum.turns++;
      sum.cost += cost;
    }
    minute.tokens += inputTokens + outputTokens;
    today.inputTokens += inputTokens;
    today.outputTokens += outputTokens;
  }

  #failed(conversation: string, { reason: ending, detail, at }: Extract<Entry, { type: 'ended' }>): void {
    this.#failures.push({ conversation, ending, detail, at });
    if (this.#failures.length <= maxFailures) return;
    const oldest = this.#failures.reduce((one, other) => (other.at < one.at ? other : one));
    this.#failures.splice(this.#failures.indexOf(oldest), 1);
  }

  #turnDay(): void {
    const day = dayOf(this.#wall());
    if (dayOf(this.#today.since) < day) this.#today = nothingSince(day);
  }

  #minute(time: number): Mutable<Minute> {
    const at = minuteOf(time);
    const known = this.#minutes.get(at);
    if (known) return known;
    const made = { at, turns: 0, tokens: 0, cost: 0, waitMs: 0, modelMs: 0 };
    const oldest = minuteOf(this.#wall()) - (overviewMinutes - 1) * minuteMs;
    // A minute that the overview does not show is counted nowhere.
    if (at < oldest) return made;
    this.#minutes.set(at, made);
    for (const one of this.#minutes.keys()) if (one < oldest) this.#minutes.delete(one);
    return made;
  }
}
