import type { Entry } from '@parley/protocol';
import type { Command } from '../core/command.ts';
import type { Conversation } from '../core/conversation.ts';
import { endsAt } from '../core/endings/endings.ts';
import { type Faults, uncountedFaults } from '../faults.ts';
import { LedgerDamage } from '../ledger/damage.ts';
import type { Bound, Ledger } from '../ledger/ledger.ts';
import { type AppendedWork, Appending } from './appending.ts';
import type { CapacityLimit } from './capacity.ts';
import { CommandQueue, type CommandRound } from './command-queue.ts';
import { type Follower, Followers, type Missed } from './commit.ts';
import { Deciding, type Queued, type Work } from './deciding.ts';
import { ForeignCommits } from './elsewhere/foreign-commits.ts';
import { OpenedElsewhere } from './elsewhere/opened-elsewhere.ts';
import { type OnResult, unwritten } from './outcome.ts';
import { Running } from './running/running.ts';
import { Archive } from './stored/archive.ts';
import { Checkpoints } from './stored/checkpoints.ts';
import { Tails } from './stored/tails.ts';

export type { Commit, Follower, Missed } from './commit.ts';
export type { OnResult, Outcome } from './outcome.ts';

type Committed = Pick<Work, 'id' | 'before' | 'state' | 'entries'>;

/** How often the same commands are decided while other processes append first. */
const mostTries = 5;

/**
 * All conversations. `submit` puts a command into a round. `#flush` decides the round, appends the entries of all its conversations in
 * one transaction, and commits them. Then it calls the followers, and last the callbacks of `submit`. Entries are durable before they are visible.
 */
export class Conversations {
  readonly #ledger: Ledger;
  readonly #running: Running;
  readonly #tails = new Tails();
  readonly #archive: Archive;
  readonly #checkpoints: Checkpoints;
  readonly #deciding: Deciding;
  readonly #faults: Faults;
  readonly #followers: Followers;
  readonly #onFailure: (error: unknown) => void;
  readonly #appending: Appending;
  readonly #queue: CommandQueue;
  readonly #foreign: ForeignCommits;
  readonly #afterFlush: (() => void)[] = [];
  readonly openedElsewhere: OpenedElsewhere;

  /** `now`: the steady clock. `onFailure`: the ledger could not be read or written. `onAppended`: duration of an append. */
  constructor(
    ledger: Ledger,
    now: () => number,
    onFailure: (error: unknown) => void,
    onAppended: (tookMs: number) => void = () => {},
    faults: Faults = uncountedFaults(onFailure, now),
    wall = now,
  ) {
    this.#ledger = ledger;
    this.#running = new Running(now, wall);
    this.openedElsewhere = new OpenedElsewhere(ledger, (id) => this.get(id) !== undefined);
    this.#onFailure = onFailure;
    this.#checkpoints = new Checkpoints(ledger, onFailure);
    this.#appending = new Appending({
      ...{ ledger, now, onAppended, onFailure },
      ...{ checkpoints: this.#checkpoints, running: this.#running },
    });
    this.#archive = new Archive(ledger, this.#checkpoints, onFailure);
    this.#faults = faults;
    this.#deciding = new Deciding(faults);
    this.#followers = new Followers((id, name, error) => this.#failed(id, name, error));
    this.#queue = new CommandQueue((round) => this.#flush(round), faults);
    this.#foreign = new ForeignCommits((id) => this.#archive.rebuild(id));
    ledger.onForeign?.((append) => {
      this.#foreign.add(append);
      if (!this.#queue.isRunning) this.#takeForeign();
    });
  }

  /** Takes up every conversation that has not ended. Called once, before the router listens. */
  recover(): void {
    for (const id of this.#ledger.unfinished()) {
      const state = this.#archive.rebuild(id);
      if (state) this.#running.hold(state, []);
    }
  }

  /** Adds a follower. Followers are called for each commit, in the order of the ledger, and in the order of their addition. */
  follow(name: string, follower: Follower): void {
    this.#followers.add(name, follower);
  }

  /** Adds a limit. Limits are checked before entries are appended, in the order in which they were added. */
  limit(limit: CapacityLimit): void {
    this.#deciding.limit(limit);
  }

  /** Adds a function that is called at the end of each flush, when all frames that it caused are queued. */
  afterFlush(call: () => void): void {
    this.#afterFlush.push(call);
  }

  /** `done` is called once, when the command is durable or refused. */
  submit(id: string, command: Command, done?: OnResult): void {
    if (this.#ledger.trouble?.() !== undefined) return done?.(unwritten);
    this.#queue.add(id, { command, done });
  }

  settled(): Promise<void> {
    return this.#queue.settled();
  }

  async #flush(round: CommandRound, tries = 1): Promise<void> {
    this.#running.followClock();
    const works: Work[] = [];
    for (const [id, queued] of round)
      works.push(this.#deciding.all(id, this.find(id), queued, this.#running.timeOf(id)));
    const changed = works.filter(({ entries }) => entries.length > 0);
    const appended = await this.#appending.append(changed);
    const lost = new Set<Work>(appended ? [] : changed);
    const overtaken: AppendedWork[] = [];
    for (const { work, result } of appended ?? []) {
      if (result.ok) this.#takeForeign(result.position);
      else lost.add(work);
      this.#faults.guard('decision', 'commit', () => {
        if (result.ok) this.#commit(work, result.position);
        else if (result.error) this.#onFailure(result.error);
        else overtaken.push({ work, result });
      });
    }
    this.#takeForeign();
    // Another process has appended first: the same commands are decided again on the new state.
    const again = new Map<string, readonly Queued[]>();
    for (const { work, result } of overtaken) {
      if (!result.ok) this.#faults.guard('decision', 'commit', () => this.#catchUp(work.id, result.seq));
      if (tries < mostTries) again.set(work.id, round.get(work.id) ?? []);
    }
    const tell = (call: () => void) => this.#faults.guard('answer', 'flush', call);
    for (const { gives } of works) for (const give of gives) tell(give);
    for (const work of works) {
      if (again.has(work.id)) continue;
      for (const { done, outcome } of work.answers)
        if (done) tell(() => done(lost.has(work) ? unwritten : outcome));
    }
    for (const call of this.#afterFlush) tell(call);
    if (again.size > 0) await this.#flush(again, tries + 1);
  }

  #drop(id: string): void {
    this.#running.drop(id);
    this.#tails.drop(id);
  }

  /** Hands commits of other processes to the followers. `before`: the position of the next commit of this process. */
  #takeForeign(before = Number.POSITIVE_INFINITY): void {
    if (this.#foreign.isEmpty) return;
    this.#faults.guard('decision', 'foreign', () => {
      for (const { position, ...commit } of this.#foreign.take(before, (id) => this.get(id)))
        this.#commit(commit, position, true);
    });
  }

  #commit({ id, before, state, entries }: Committed, position: number, isForeign = false): void {
    const after = state as Conversation;
    if (!before) this.#archive.forget(id); // One of that id may have been removed.
    if (after.status.state === 'ended') {
      this.#drop(id);
      this.#archive.hold(after);
    } else {
      const { unkept } = this.#running.hold(after, entries);
      this.#tails.add(id, entries);
      this.#checkpoints.grown(id, unkept);
    }
    this.#followers.notify({ before, after, entries, position, isForeign });
  }

  /** The ledger and the state differ for an unknown reason, so the state is read again. */
  #catchUp(id: string, seq: number): void {
    const known = this.find(id);
    if (known?.seq === seq) return;
    this.#onFailure(new Error(`${id}: the ledger is at ${seq}, not at ${known?.seq}`));
    this.#drop(id);
    this.#archive.forget(id);
    const state = this.#archive.rebuild(id);
    if (state && state.status.state !== 'ended') this.#running.hold(state, []);
    this.#followers.missed(id, known);
  }

  /** A conversation whose entries cannot be read is hidden, as if it were unknown. Any other error is a fault. */
  #failed(id: string, about: string, error: unknown): 'hidden' | 'caught' {
    const isDamaged = error instanceof LedgerDamage;
    if (isDamaged) this.#onFailure(error);
    else this.#faults.caught('follower', about, error);
    if (!isDamaged) return 'caught';
    this.#drop(id);
    this.#archive.forget(id);
    return 'hidden';
  }

  get count(): number {
    return this.#running.count;
  }

  /** Now, in the time of the conversation: to compare with the times in its state. */
  timeOf({ id }: Pick<Conversation, 'id'>): number {
    return this.#running.timeOf(id);
  }

  /** Running and paused conversations. */
  *running(): Iterable<Conversation> {
    yield* this.#running.states();
  }

  /** A conversation that has not ended. */
  get(id: string): Conversation | undefined {
    return this.#running.get(id)?.state;
  }

  /** Any conversation of the ledger. A damaged one is reported and hidden. */
  find(id: string): Conversation | undefined {
    return this.get(id) ?? this.#archive.find(id);
  }

  ownerOf(id: string, seq: number): string | undefined {
    return this.#archive.ownerOf(id, seq);
  }

  /** It has been removed from the ledger. */
  forget(id: string): void {
    this.#archive.forget(id);
  }

  /** Runs the next work of a conversation. When it throws, the conversation is hidden if it is damaged, and ended otherwise. */
  attempt(id: string, work: () => void): void {
    try {
      work();
    } catch (error) {
      if (this.#failed(id, 'grant', error) === 'caught')
        this.submit(id, { type: 'fail', detail: 'an error of the router' });
    }
  }

  /** The conversations of which a follower missed a commit since the last call. What follows from their state is to be done again. */
  takeMissed(): Missed[] {
    return this.#followers.takeMissed((id) => this.find(id));
  }

  /** As `find`, a little at a time: yields the bytes that were read. For work without a deadline. */
  *findSlowly(id: string): Generator<number, Conversation | undefined> {
    return this.get(id) ?? (yield* this.#archive.findSlowly(id));
  }

  /** The conversation as it was at entry `seq`, in the same way; undefined when there is no such entry. */
  *atSlowly(id: string, seq: number): Generator<number, Conversation | undefined> {
    return this.#running.exactState(id, seq) ?? (yield* this.#archive.at(id, seq));
  }

  /**
   * A running conversation that `by` opened with exactly these members, all of whom are still in it. An opening that is not yet
   * committed counts: two replicas that start together find one conversation.
   */
  unfinished(by: string, members: readonly string[]): string | undefined {
    const opening = { by, members };
    return this.#running.openedSo(opening) ?? this.#queue.openedSo(opening);
  }

  entriesSince(id: string, since: number, limit = Number.MAX_SAFE_INTEGER): readonly Entry[] {
    const tail = this.#tails.since(id, since);
    return tail && limit >= tail.length ? tail : this.#archive.read(id, since, limit);
  }

  /** Entries after `since`, within the bound, but at least one if there is any. */
  page(id: string, since: number, bound: Bound): readonly Entry[] {
    return this.#archive.page(id, since, bound);
  }

  /**
   * The newest entries after `since`, up to `last`, in order and within the bound, but at least one if there is any: older ones
   * may be left out. The work is bounded for a conversation of any length.
   */
  newest(id: string, since: number, bound: Bound, last = Number.MAX_SAFE_INTEGER): readonly Entry[] {
    const tail = this.#tails.since(id, since);
    if (!tail) return this.#archive.newest(id, since, bound, last);
    return last - since < tail.length ? tail.slice(0, Math.max(0, last - since)) : tail;
  }

  /** Writes checkpoints of some conversations that have grown, so that a router that starts need not read all their entries. */
  keepStates(): void {
    for (const id of this.#checkpoints.keep((id) => this.#running.exactState(id))) this.#running.kept(id);
  }

  /** Ends conversations that have run out of time. `delayOf`: how much later than the home of the conversation this router acts. */
  tick(delayOf: (id: string) => number = () => 0): void {
    if (!this.#queue.isRunning) this.#running.followClock();
    for (const state of this.running()) {
      const end = endsAt(state) ?? Number.POSITIVE_INFINITY;
      if (this.timeOf(state) >= end && this.timeOf(state) >= end + delayOf(state.id))
        this.submit(state.id, { type: 'tick' });
    }
  }
}
