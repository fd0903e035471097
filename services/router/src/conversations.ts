import type { Entry } from '@parley/protocol';
import { Archive } from './archive.ts';
import { isSameOpening, wasOpenedSo } from './core/cast.ts';
import { type Command, type Decision, refuse } from './core/command.ts';
import type { Conversation } from './core/conversation.ts';
import { decide } from './core/decide.ts';
import { endsAt } from './core/endings.ts';
import { evolve } from './core/evolve.ts';
import type { Appended, Batch, Bound, Ledger } from './ledger/ledger.ts';
import { type Done, type Outcome, outcomeOf, unavailable } from './outcome.ts';
import { type Room, takeRoom } from './room.ts';

/** Entries of one conversation that have just become durable, with the state around them. */
export interface Commit {
  readonly before: Conversation | undefined;
  readonly after: Conversation;
  readonly entries: readonly Entry[];
  /** Of the last entry. */
  readonly position: number;
}
export type Follower = (commit: Commit) => void;
export type { Done, Outcome } from './outcome.ts';

interface Held {
  state: Conversation;
  /** The newest entries without a gap, so that a grant seldom reads the ledger. */
  readonly tail: Entry[];
}
interface Queued {
  readonly command: Command;
  readonly done: Done | undefined;
}
interface Work {
  readonly id: string;
  readonly before: Conversation | undefined;
  readonly entries: Entry[];
  readonly answers: { readonly done: Done; readonly outcome: Outcome }[];
  /** Give back the room that was taken for the entries. */
  readonly gives: (() => void)[];
  state: Conversation | undefined;
}

const tailLength = 16;

/**
 * All running conversations. Commands of one event-loop tick are decided in the order in which they came and
 * appended together; nobody hears of an entry before it is durable.
 */
export class Conversations {
  readonly #ledger: Ledger;
  readonly #now: () => number;
  readonly #held = new Map<string, Held>();
  readonly #archive: Archive;
  readonly #rooms: Room[] = [];
  readonly #followers: Follower[] = [];
  readonly #onFailure: (error: unknown) => void;
  readonly #onAppended: (tookMs: number) => void;
  #queue = new Map<string, Queued[]>();
  #flushing = false;
  #scheduled = false;
  #afterFlush: () => void = () => {};
  #idle: (() => void)[] = [];

  constructor(
    ledger: Ledger,
    now: () => number,
    onFailure: (error: unknown) => void,
    onAppended: (tookMs: number) => void = () => {},
  ) {
    this.#ledger = ledger;
    this.#now = now;
    this.#onFailure = onFailure;
    this.#archive = new Archive(ledger, onFailure);
    this.#onAppended = onAppended;
  }

  get count(): number {
    return this.#held.size;
  }

  /** Takes up every conversation that has not ended. Call before the door opens. */
  recover(): void {
    for (const id of this.#ledger.unfinished()) {
      const state = this.#archive.rebuild(id);
      if (state) this.#held.set(id, { state, tail: [] });
    }
  }

  /** Followers hear of commits in the order of the ledger, in the order in which they were added. */
  follow(follower: Follower): void {
    this.#followers.push(follower);
  }

  /** What entries need room in is asked in the order in which it was added. */
  limit(room: Room): void {
    this.#rooms.push(room);
  }

  /** Called when all that one flush caused has been sent. */
  afterFlush(call: () => void): void {
    this.#afterFlush = call;
  }

  submit(id: string, command: Command, done?: Done): void {
    const queued = this.#queue.get(id);
    if (queued) queued.push({ command, done });
    else this.#queue.set(id, [{ command, done }]);
    this.#schedule();
  }

  /** Running and paused conversations. */
  *running(): Iterable<Conversation> {
    for (const { state } of this.#held.values()) yield state;
  }

  /** A conversation that has not ended. */
  get(id: string): Conversation | undefined {
    return this.#held.get(id)?.state;
  }

  /** Any conversation of the ledger that can be read; one that is damaged is reported and not shown. */
  find(id: string): Conversation | undefined {
    return this.get(id) ?? this.#archive.find(id);
  }

  /** It has been removed from the ledger. */
  forget(id: string): void {
    this.#archive.forget(id);
  }

  recent(limit: number): Conversation[] {
    return this.#ledger
      .recent(limit)
      .map((id) => this.find(id))
      .filter((state) => state !== undefined);
  }

  /**
   * A running conversation that `by` opened with exactly these members, all of whom are still there. Opens that are not yet
   * committed count: two replicas that start together find one conversation.
   */
  unfinished(by: string, members: readonly string[]): string | undefined {
    for (const state of this.running()) if (wasOpenedSo(state, { by, members })) return state.id;
    for (const [id, [first]] of this.#queue)
      if (first?.command.type === 'open' && isSameOpening(first.command, { by, members })) return id;
    return undefined;
  }

  entriesSince(id: string, since: number, limit = Number.MAX_SAFE_INTEGER): readonly Entry[] {
    const tail = this.#held.get(id)?.tail;
    const first = tail?.[0]?.seq;
    if (tail && first !== undefined && first <= since + 1 && limit >= tail.length) {
      return tail.slice(since + 1 - first);
    }
    return this.#archive.read(id, since, limit);
  }

  /** Entries after `since`: at most as many as `bound` says, but one at least while there are any. */
  page(id: string, since: number, bound: Bound): readonly Entry[] {
    return this.#archive.page(id, since, bound);
  }

  /**
   * The newest entries after `since`, up to `last`, that fit the bound, in order; one at least, when there are any. When the first of
   * them is not `since + 1`, older ones were left out. The work is bounded however long the conversation is.
   */
  newest(id: string, since: number, bound: Bound, last = Number.MAX_SAFE_INTEGER): readonly Entry[] {
    const tail = this.#held.get(id)?.tail;
    const first = tail?.[0]?.seq;
    if (tail && first !== undefined && first <= since + 1)
      return tail.slice(since + 1 - first, Math.max(0, last + 1 - first));
    return this.#archive.newest(id, since, bound, last);
  }

  /** The conversation as it was at entry `seq`; undefined when there is no such entry. */
  at(id: string, seq: number): Conversation | undefined {
    return this.#archive.at(id, seq);
  }

  /** Ends what has run out of time. */
  tick(now: number): void {
    for (const state of this.running()) {
      if (now >= (endsAt(state) ?? Number.POSITIVE_INFINITY)) this.submit(state.id, { type: 'tick' });
    }
  }

  /** Resolves when nothing waits to be decided or appended. */
  settled(): Promise<void> {
    if (!this.#flushing && this.#queue.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #schedule(): void {
    if (this.#scheduled || this.#flushing) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      void this.#flush();
    });
  }

  async #flush(): Promise<void> {
    const queue = this.#queue;
    this.#queue = new Map();
    this.#flushing = true;
    const now = this.#now();
    const works: Work[] = [];
    for (const [id, queued] of queue) works.push(this.#decideAll(id, queued, now));
    const changed = works.filter(({ entries }) => entries.length > 0);
    const appended = await this.#append(changed);
    const lost = new Set<Work>(appended ? [] : changed);
    for (const [index, result] of (appended ?? []).entries()) {
      const work = changed[index] as Work;
      if (result.ok) this.#commit(work, result.position);
      else this.#catchUp(work.id, result.seq);
      if (!result.ok) lost.add(work);
    }
    for (const { gives } of works) for (const give of gives) give();
    for (const work of works) {
      for (const { done, outcome } of work.answers) done(lost.has(work) ? unavailable : outcome);
    }
    this.#afterFlush();
    this.#flushing = false;
    if (this.#queue.size > 0) this.#schedule();
    else for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Undefined when the ledger cannot be written: then nothing has happened, and what wanted it is refused. */
  async #append(works: readonly Work[]): Promise<readonly Appended[] | undefined> {
    const started = performance.now();
    try {
      const batches = works.map(
        ({ id, before, entries }): Batch => ({ conversation: id, expectedSeq: before?.seq ?? 0, entries }),
      );
      const appended = await this.#ledger.append(batches);
      if (works.length > 0) this.#onAppended(performance.now() - started);
      return appended;
    } catch (error) {
      this.#onFailure(error);
      return undefined;
    }
  }

  /** Somebody else has written, or an id is in use that was not known: the ledger is right. */
  #catchUp(id: string, seq: number): void {
    this.#onFailure(new Error(`${id}: the ledger is at ${seq}, not at ${this.get(id)?.seq ?? 0}`));
    this.#held.delete(id);
    this.#archive.forget(id);
    const state = this.find(id);
    if (!state || state.status.state === 'ended') return;
    this.#archive.forget(id);
    this.#held.set(id, { state, tail: [] });
  }

  #decideAll(id: string, queued: readonly Queued[], now: number): Work {
    const before = this.find(id);
    const work: Work = { id, before, entries: [], answers: [], gives: [], state: before };
    let refused: Decision | undefined;
    for (const { command, done } of queued) {
      // What came behind an opening that was refused is refused for the same reason.
      const decision = (work.state ? undefined : refused) ?? this.#decide(work, command, now);
      if (decision.kind === 'refuse') refused = decision;
      if (done) work.answers.push({ done, outcome: outcomeOf(decision, work.state) });
    }
    return work;
  }

  #decide(work: Work, command: Command, now: number): Decision {
    const decision = decide(work.state, command, now);
    if (decision.kind !== 'append' || decision.entries.length === 0) return decision;
    let after = command.type === 'fork' ? command.parent : work.state;
    for (const entry of decision.entries) after = evolve(after, entry, work.id);
    const give = takeRoom(this.#rooms, after as Conversation, decision.entries);
    if (typeof give !== 'function') return refuse(give.code, give.message);
    work.state = after;
    work.entries.push(...decision.entries);
    work.gives.push(give);
    return decision;
  }

  #commit({ id, before, state, entries }: Work, position: number): void {
    const after = state as Conversation;
    if (after.status.state === 'ended') {
      this.#held.delete(id);
      this.#archive.hold(after);
    } else {
      const held = this.#held.get(id);
      if (held) {
        held.state = after;
        held.tail.push(...entries);
        if (held.tail.length > 2 * tailLength) held.tail.splice(0, held.tail.length - tailLength);
      } else {
        this.#held.set(id, { state: after, tail: [...entries] });
      }
    }
    for (const follower of this.#followers) follower({ before, after, entries, position });
  }
}
