import type { Entry } from '@parley/protocol';
import type { Command } from '../core/command.ts';
import type { Conversation } from '../core/conversation.ts';
import { endsAt } from '../core/endings.ts';
import { isSameOpening, wasOpenedSo } from '../core/opening.ts';
import { type Faults, uncountedFaults } from '../faults.ts';
import { LedgerDamage } from '../ledger/damage.ts';
import type { Appended, Batch, Bound, Ledger } from '../ledger/ledger.ts';
import { Archive } from './archive.ts';
import type { CapacityLimit } from './capacity.ts';
import { Checkpoints } from './checkpoints.ts';
import { type Follower, Followers } from './commit.ts';
import { ConversationTime } from './conversation-time.ts';
import { Deciding, type Work } from './deciding.ts';
import { continued, type Held, nothing, skipped } from './held.ts';
import { type OnResult, unavailable } from './outcome.ts';
import { type Round, Rounds } from './rounds.ts';
import { Tails } from './tails.ts';

export type { Commit, Follower } from './commit.ts';
export type { OnResult, Outcome } from './outcome.ts';

/**
 * All running conversations. Commands of one event-loop tick are decided in the order in which they came and
 * appended together; nobody hears of an entry before it is durable.
 */
export class Conversations {
  readonly #ledger: Ledger;
  readonly #time: ConversationTime;
  readonly #held = new Map<string, Held>();
  readonly #tails = new Tails();
  readonly #archive: Archive;
  readonly #checkpoints: Checkpoints;
  readonly #deciding: Deciding;
  readonly #faults: Faults;
  readonly #followers: Followers;
  readonly #onFailure: (error: unknown) => void;
  readonly #onAppended: (tookMs: number) => void;
  readonly #rounds: Rounds;
  #afterFlush: () => void = () => {};

  constructor(
    ledger: Ledger,
    now: () => number,
    onFailure: (error: unknown) => void,
    onAppended: (tookMs: number) => void = () => {},
    faults: Faults = uncountedFaults(onFailure, now),
    wall = now,
  ) {
    this.#ledger = ledger;
    this.#time = new ConversationTime(now, wall);
    this.#onFailure = onFailure;
    this.#checkpoints = new Checkpoints(ledger, onFailure);
    this.#archive = new Archive(ledger, this.#checkpoints, onFailure);
    this.#onAppended = onAppended;
    this.#faults = faults;
    this.#deciding = new Deciding(faults);
    this.#followers = new Followers((id, error) => this.#failed(id, 'commit', error));
    this.#rounds = new Rounds((round) => this.#flush(round), faults);
  }

  get count(): number {
    return this.#held.size;
  }

  /** Takes up every conversation that has not ended. Call before the webSocketServer opens. */
  recover(): void {
    for (const id of this.#ledger.unfinished()) {
      const state = this.#archive.rebuild(id);
      if (state) this.#take(id, state);
    }
  }

  #take(id: string, state: Conversation): void {
    const held = continued(undefined, state, [], (at) => this.#time.aheadAfter(at));
    this.#held.set(id, held);
  }

  /** Now, by the time of the conversation: to compare with what its state says. */
  timeOf({ id }: Pick<Conversation, 'id'>): number {
    return this.#time.at(this.#held.get(id)?.ahead);
  }

  /** When the wall clock was set forward, conversations follow it. */
  #followClock(): void {
    const drift = this.#time.moved();
    if (drift === undefined) return;
    for (const held of this.#held.values()) {
      if (held.ahead < drift) skipped(held, drift);
    }
  }

  /** Followers hear of commits in the order of the ledger, in the order in which they were added. */
  follow(follower: Follower): void {
    this.#followers.add(follower);
  }

  /** What entries need room in is asked in the order in which it was added. */
  limit(room: CapacityLimit): void {
    this.#deciding.limit(room);
  }

  /** Called when all that one flush caused has been sent. */
  afterFlush(call: () => void): void {
    this.#afterFlush = call;
  }

  submit(id: string, command: Command, done?: OnResult): void {
    this.#rounds.add(id, { command, done });
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

  /** Does what the conversation needs next. When it cannot be done, it is hidden if it is damaged, and else ended. */
  attempt(id: string, work: () => void): void {
    try {
      work();
    } catch (error) {
      if (this.#failed(id, 'grant', error) === 'caught')
        this.submit(id, { type: 'fail', detail: 'an error of the router' });
    }
  }

  /** The conversations in whose commit a follower failed since the last call: what follows from their state is asked again. */
  takeShaken(): Conversation[] {
    const states = this.#followers.takeShaken().map((id) => this.get(id));
    return states.filter((state) => state !== undefined);
  }

  /** As `find`, a little at a time; yields the bytes that were read. For what nobody waits for. */
  *findSlowly(id: string): Generator<number, Conversation | undefined> {
    return this.get(id) ?? (yield* this.#archive.findSlowly(id));
  }

  /**
   * A running conversation that `by` opened with exactly these members, all of whom are still there. Opens that are not yet
   * committed count: two replicas that start together find one conversation.
   */
  unfinished(by: string, members: readonly string[]): string | undefined {
    for (const state of this.running()) if (wasOpenedSo(state, { by, members })) return state.id;
    for (const [id, [first]] of this.#rounds.next)
      if (first?.command.type === 'open' && isSameOpening(first.command, { by, members })) return id;
    return undefined;
  }

  entriesSince(id: string, since: number, limit = Number.MAX_SAFE_INTEGER): readonly Entry[] {
    const tail = this.#tails.since(id, since);
    return tail && limit >= tail.length ? tail : this.#archive.read(id, since, limit);
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
    const tail = this.#tails.since(id, since);
    return tail?.slice(0, Math.max(0, last - since)) ?? this.#archive.newest(id, since, bound, last);
  }

  /** The conversation as it was at entry `seq`; undefined when there is no such entry. */
  at(id: string, seq: number): Conversation | undefined {
    return this.#archive.at(id, seq);
  }

  /** Keeps the states of some conversations that have grown, so that a router that starts need not read all their entries. */
  keepStates(): void {
    const kept = this.#checkpoints.keep((id) => {
      const held = this.#held.get(id);
      return held?.hasSkipped ? undefined : held?.state;
    });
    for (const id of kept) {
      const held = this.#held.get(id);
      if (held) held.unkept = nothing;
    }
  }

  /** Ends what has run out of time. */
  tick(): void {
    if (!this.#rounds.isRunning) this.#followClock();
    for (const state of this.running()) {
      if (this.timeOf(state) >= (endsAt(state) ?? Number.POSITIVE_INFINITY))
        this.submit(state.id, { type: 'tick' });
    }
  }

  /** Resolves when nothing waits to be decided or appended. */
  settled(): Promise<void> {
    return this.#rounds.settled();
  }

  async #flush(round: Round): Promise<void> {
    this.#followClock();
    const works: Work[] = [];
    for (const [id, queued] of round)
      works.push(this.#deciding.all(id, this.find(id), queued, this.timeOf({ id })));
    const changed = works.filter(({ entries }) => entries.length > 0);
    const appended = await this.#append(changed);
    const lost = new Set<Work>(appended ? [] : changed);
    for (const [index, result] of (appended ?? []).entries()) {
      const work = changed[index] as Work;
      if (!result.ok) lost.add(work);
      this.#faults.guard('decision', 'commit', () =>
        result.ok ? this.#commit(work, result.position) : this.#catchUp(work.id, result.seq),
      );
    }
    const tell = (call: () => void) => this.#faults.guard('answer', 'flush', call);
    for (const { gives } of works) for (const give of gives) tell(give);
    for (const work of works) {
      for (const { done, outcome } of work.answers) tell(() => done(lost.has(work) ? unavailable : outcome));
    }
    tell(this.#afterFlush);
  }

  /** Undefined when the ledger cannot be written: then nothing has happened, and what wanted it is refused. */
  async #append(works: readonly Work[]): Promise<readonly Appended[] | undefined> {
    const started = performance.now();
    try {
      const batches = works.map(
        ({ id, before, entries, state }): Batch =>
          this.#checkpoints.withEnd(
            { conversation: id, expectedSeq: before?.seq ?? 0, entries },
            this.#held.get(id)?.hasSkipped ? undefined : state,
          ),
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
    this.#drop(id);
    this.#archive.forget(id);
    const state = this.find(id);
    if (!state || state.status.state === 'ended') return;
    this.#archive.forget(id);
    this.#take(id, state);
  }

  #drop(id: string): void {
    this.#held.delete(id);
    this.#tails.drop(id);
  }

  #commit({ id, before, state, entries }: Work, position: number): void {
    const after = state as Conversation;
    if (after.status.state === 'ended') {
      this.#drop(id);
      this.#archive.hold(after);
    } else {
      const held = continued(this.#held.get(id), after, entries, (at) => this.#time.aheadAfter(at));
      this.#held.set(id, held);
      this.#tails.add(id, entries);
      this.#checkpoints.grown(id, held.unkept);
    }
    this.#followers.tell({ before, after, entries, position });
  }

  /** A conversation whose entries can no longer be read is hidden: as good as unknown. Any other error is a fault. */
  #failed(id: string, about: string, error: unknown): 'hidden' | 'caught' {
    const isDamaged = error instanceof LedgerDamage;
    if (isDamaged) this.#onFailure(error);
    else this.#faults.caught('follower', about, error);
    if (!isDamaged) return 'caught';
    this.#drop(id);
    this.#archive.forget(id);
    return 'hidden';
  }
}
