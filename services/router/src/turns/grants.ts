import type { LapseCause, WaitReason } from '@parley/protocol';
import type { Commit, Conversations } from '../conversations/conversations.ts';
import { Resubmitter } from '../conversations/resubmit.ts';
import type { Conversation, Turn } from '../core/conversation.ts';
import { endsAt, tokensOf } from '../core/endings.ts';
import { turnsOf } from '../core/floor.ts';
import type { Targets } from '../presence/targets.ts';
import type { Lease, Pool } from '../quota/pool.ts';
import type { Pools } from '../quota/pools.ts';
import type { Prices } from '../quota/prices.ts';
import { Absence } from './absence.ts';
import type { Answer, Bids } from './bids.ts';
import { Breakers } from './breakers.ts';
import { Gathering } from './gathering.ts';
import { bestReplica, type Grant, type Replica, type TurnObserver } from './grant.ts';
import { grantFrame } from './grant-frame.ts';
import { grantHistory } from './grant-history.ts';
import { GrantRecords, type Held } from './grant-records.ts';
import { GrantedTurns } from './granted-turns.ts';
import { tellEnded } from './tell-ended.ts';
import { type WaitingTurn, WaitingTurns } from './waiting-turns.ts';

export type { Grant, Replica } from './grant.ts';

/** Turns of one member that are tried at once. */
const maxTried = 200;

/** The turn that an answer names. */
interface Answered {
  readonly conversation: string;
  readonly turn: number;
  readonly attempt?: number | undefined;
}

/**
 * Hands turns to replicas, and tells which grant an answer answers. Holds nothing that the ledger and the open connections
 * do not say, so it can start from nothing at any time.
 */
export class Grants {
  readonly #conversations: Conversations;
  readonly #bids: Bids;
  readonly #now: () => number;
  readonly #clock: TurnObserver;
  readonly #pools: Pools;
  readonly #prices: Prices;
  readonly #replicas = new Map<string, Set<Replica>>();
  readonly #granted = new GrantedTurns();
  readonly #waiting = new WaitingTurns();
  readonly #absence: Absence;
  readonly #gathering: Gathering;
  readonly #records = new GrantRecords();
  readonly breakers: Breakers;
  /** For lapses: without them nobody would take those turns up again. */
  readonly #resubmitter: Resubmitter;
  #draining = false;
  #alsoGranted: (conversation: string) => number = () => 0;

  constructor(
    conversations: Conversations,
    bids: Bids,
    now: () => number,
    clock: TurnObserver,
    pools: Pools,
    prices: Prices,
    targets: Targets,
    breakers = new Breakers(now),
  ) {
    this.#conversations = conversations;
    this.#bids = bids;
    this.#resubmitter = new Resubmitter(conversations);
    this.#absence = new Absence(conversations);
    this.#gathering = new Gathering(conversations, targets);
    this.#now = now;
    this.#clock = clock;
    this.#pools = pools;
    this.#prices = prices;
    this.breakers = breakers;
  }

  /** Queues the turns of everything that runs. Call once, after recovery. */
  start(): void {
    for (const state of this.#conversations.running()) {
      this.#records.inherit(state);
      this.#reconcile(undefined, state);
    }
  }

  /** Queues the turns of conversations in whose commit a follower failed. */
  retake(states: Iterable<Conversation>): void {
    for (const state of states) this.#reconcile(undefined, state);
  }

  /** No more grants from here on. */
  drain(): void {
    this.#draining = true;
  }

  /** Turns of a conversation that are under way with members that are no replicas. */
  countAlso(granted: (conversation: string) => number): void {
    this.#alsoGranted = granted;
  }

  get active(): number {
    return this.#granted.count;
  }

  /** Why a turn has not been granted; undefined when it has. */
  whyWaiting(state: Conversation, turn: Turn): WaitReason | undefined {
    if (this.#isTaken(state.id, turn.number)) return undefined;
    if (state.status.state !== 'running') return 'paused';
    if (state.seats.has(turn.member)) return 'seat';
    const time = this.#conversations.timeOf(state);
    if (turn.notBefore > time) return turn.attempts > 0 ? 'retry' : 'pace';
    if (this.replicasOf(turn.member).size === 0) return 'absent';
    if (this.#gathering.holds(state, turn, time)) return 'gathering';
    if (this.#stepsTaken(state)) return 'paused';
    return this.#waiting.of(turn.member)?.get(state.id)?.pool ? 'rate' : 'replica';
  }

  replicasOf(name: string): ReadonlySet<Replica> {
    return this.#replicas.get(name) ?? new Set();
  }

  /** The conversations in which turns of the member wait to be granted. */
  waitingOf(name: string): Iterable<string> {
    return this.#waiting.of(name)?.keys() ?? [];
  }

  /** How many turns wait for a call of the pool. */
  waitingFor(pool: Pool): number {
    return this.#waiting.waitingFor(pool);
  }

  names(): Iterable<string> {
    return this.#replicas.keys();
  }

  /** `working`: turns that the replica still works on from before its connection broke (PROTOCOL §4.1). */
  attach(replica: Replica, working: readonly { conversation: string; turn: number }[]): void {
    const replicas = this.#replicas.get(replica.name) ?? new Set();
    this.#replicas.set(replica.name, replicas.add(replica));
    for (const { conversation, turn: number } of working) {
      const state = this.#conversations.get(conversation);
      const turn = state?.floor.find((one) => one.number === number && one.member === replica.name);
      if (!state || !turn) continue;
      const claim = this.#records.claim(replica, conversation, number);
      if (!claim || this.#isTaken(conversation, number)) continue;
      const mayStay = claim === 'lost' ? this.#mayHave(state, turn) : this.isGrantable(state, turn);
      const model = state.cast.get(turn.member)?.model ?? replica.model;
      if (mayStay) this.#bind(state, turn, replica, 0, this.#pools.of(model)?.rejoin(this.#now()));
    }
    this.#pump(replica.name);
  }

  /**
   * The grant that an answer of this connection answers: the one that it holds, or one that has come back while the turn is
   * still to be had. Undefined when it was granted none. `attempt`: which one it is, where the answer says so.
   */
  answering(replica: Replica, { conversation, turn, attempt }: Answered): Held | undefined {
    const held = this.#records.held(replica, conversation, turn);
    if (!held) return undefined;
    if (attempt !== undefined && attempt < held.attempt) return { ...held, attempt };
    const current = this.grantOf(conversation, turn);
    if (current?.replica === replica || this.#bids.holds(conversation, turn)) return held;
    // The turn is another connection's now, so this one holds an earlier grant of it.
    if (current) return { ...held, attempt: Math.min(held.attempt, current.attempt - 1) };
    const state = this.#conversations.get(conversation);
    const open = state?.floor.find(({ number }) => number === turn);
    if (!state || !open) return held;
    const counts =
      state.status.state === 'running' ? this.#mayHave(state, open) : held.attempt <= open.attempts;
    return counts ? held : undefined;
  }

  detach(replica: Replica): void {
    const replicas = this.#replicas.get(replica.name);
    replicas?.delete(replica);
    this.breakers.forget(replica);
    if (replicas?.size === 0) this.#replicas.delete(replica.name);
    for (const grant of replica.grants) this.#lapse(grant, 'gone');
  }

  grantOf(conversation: string, turn: number): Grant | undefined {
    return this.#granted.of(conversation, turn);
  }

  /** The turn of the conversation that the connection has been granted, to speak. */
  heldBy(replica: Replica, conversation: string): number | undefined {
    for (const grant of replica.grants) if (grant.conversation === conversation) return grant.turn;
    return undefined;
  }

  /** A bid came, which waits for its place on the ledger: the turn is not granted again, and its replica is free. */
  answered(conversation: string, { from, turn, usage }: Answer): void {
    this.#waiting.delete(conversation, from);
    const grant = this.grantOf(conversation, turn);
    if (!grant) return;
    if (usage) this.#settle(grant, tokensOf(usage));
    this.breakers.forget(grant.replica);
    this.#over(grant);
  }

  #isTaken(conversation: string, turn: number): boolean {
    return this.grantOf(conversation, turn) !== undefined || this.#bids.holds(conversation, turn);
  }

  onCommit({ before, after, entries }: Commit): void {
    for (const entry of entries) {
      const turn = 'turn' in entry ? entry.turn : undefined;
      const grant = turn === undefined ? undefined : this.grantOf(after.id, turn);
      if (!grant) continue;
      this.breakers.judge(grant.replica, entry);
      if (entry.type === 'lapsed' && entry.cause === 'model-unavailable')
        grant.lease?.pool.failed(grant.lease, this.#now());
      if ('usage' in entry && entry.usage) this.#settle(grant, tokensOf(entry.usage));
    }
    this.#reconcile(before, after);
    tellEnded(after, entries, (name) => this.replicasOf(name));
  }

  /** Takes back what is overdue and offers what has waited for its time. `present`: somebody speaks for the name. */
  tick(now: number, present: (name: string) => boolean): void {
    this.#resubmitter.tick();
    for (const grant of this.#granted.all()) if (grant.deadline <= now) this.#lapse(grant, 'deadline');
    this.#gathering.tick(present);
    for (const pool of this.#waiting.pools()) this.#serve(pool);
    for (const name of this.#replicas.keys()) this.#pump(name);
    this.#absence.tick(this.#waiting, now, present);
  }

  #reconcile(before: Conversation | undefined, after: Conversation): void {
    this.#gathering.see(after);
    const turnOf = turnsOf(after.floor);
    for (const turn of before?.floor ?? []) {
      if (turnOf(turn.number)) continue;
      this.#waiting.delete(after.id, turn.member);
      this.#records.forget(after.id, turn.number);
    }
    for (const grant of this.#granted.in(after.id)) {
      const turn = turnOf(grant.turn);
      const seated = turn !== undefined && after.seats.has(turn.member);
      if (turn && turn.attempts < grant.attempt && !seated) continue;
      if (turn && !seated) this.#records.lapsed(grant);
      this.#over(grant);
    }
    for (const { member, number } of after.floor) {
      if (this.#isTaken(after.id, number)) continue;
      // What has to wait for somebody's act is offered when the act is an entry.
      if (after.status.state === 'running' && !after.seats.has(member)) this.#waiting.add(after.id, member);
      else this.#waiting.delete(after.id, member);
      this.#pump(member);
    }
  }

  /** Offers the member's turns, oldest first, as long as a replica has room. A turn in line keeps a place of it. */
  #pump(name: string): void {
    const turns = this.#waiting.of(name);
    const replicas = this.#replicas.get(name);
    if (this.#draining || !turns || !replicas) return;
    let tried = 0;
    for (const waiting of turns.values()) {
      if (waiting.pool) continue;
      let room = -this.#waiting.inLine(name);
      for (const replica of replicas) room += this.#roomOf(replica);
      if (room <= 0) return;
      // Many that may not be granted yet are not all tried at once: the others are next.
      if (tried++ >= maxTried) return this.#waiting.putLast(name, maxTried);
      this.#offer(waiting);
    }
  }

  #roomOf(replica: Replica): number {
    return this.breakers.allow(replica) ? Math.max(0, replica.capacity - replica.grants.size) : 0;
  }

  /** Gives the calls that have become free to those who have waited for them longest. */
  #serve(pool: Pool): void {
    if (this.#draining) return;
    for (let first = this.#waiting.next(pool); first; first = this.#waiting.next(pool)) {
      this.#offer(first);
      if (first.pool === pool) return;
    }
  }

  #offer(waiting: WaitingTurn): void {
    this.#conversations.attempt(waiting.conversation, () => this.#tryOffer(waiting));
  }

  /** Grants a turn, or has it stand in line for a call, unless something else stands against it. */
  #tryOffer(waiting: WaitingTurn): void {
    const now = this.#now();
    const { conversation, member } = waiting;
    const state = this.#conversations.get(conversation);
    const turn = state?.floor.find((one) => one.member === member);
    if (!state || !turn) return this.#waiting.delete(conversation, member);
    const ready = this.isGrantable(state, turn);
    const free = ready ? [...this.replicasOf(member)].filter((one) => this.#roomOf(one) > 0) : [];
    const replica = bestReplica(free, conversation, this.#records.last(conversation, turn.number));
    const model = state.cast.get(member)?.model ?? replica?.model;
    const unwatched = replica && this.#prices.unwatched(state.limits, model);
    if (unwatched) this.#conversations.submit(conversation, { type: 'fail', detail: unwatched });
    if (!replica || unwatched) return this.#waiting.leaveLine(waiting);
    const pool = this.#pools.of(model);
    if (!pool) return this.#grant(state, turn, replica);
    const isNext = (this.#waiting.next(pool) ?? waiting) === waiting;
    const lease = isNext ? pool.lease(now) : undefined;
    if (lease) this.#grant(state, turn, replica, lease);
    else this.#waiting.lineUp(waiting, pool);
  }

  /** Whether the rules that hold when a turn is granted allow it now, whoever it is granted to. */
  isGrantable(state: Conversation, turn: Turn): boolean {
    const time = this.#conversations.timeOf(state);
    return turn.notBefore <= time && !this.#gathering.holds(state, turn, time) && this.#mayHave(state, turn);
  }

  /** The same of a turn that was granted before: pace and gathering were kept to then. */
  #mayHave(state: Conversation, turn: Turn): boolean {
    return state.status.state === 'running' && !state.seats.has(turn.member) && !this.#stepsTaken(state);
  }

  /** As many turns are under way as a step has lines. */
  #stepsTaken({ id, stepping }: Conversation): boolean {
    if (stepping === undefined) return false;
    return this.#granted.countIn(id) + this.#alsoGranted(id) >= stepping.lines;
  }

  #grant(state: Conversation, turn: Turn, replica: Replica, lease?: Lease): void {
    const now = this.#now();
    const time = this.#conversations.timeOf(state);
    const since = replica.sent.get(state.id) ?? 0;
    const history = grantHistory(this.#conversations, state, turn.member, since);
    replica.sent.set(state.id, state.seq);
    const grant = this.#bind(state, turn, replica, state.seq, lease);
    this.#clock.granted(time - Math.max(turn.givenAt, turn.notBefore));
    replica.connection.send(
      grantFrame({ state, turn, grant, history, deadlineMs: grant.deadline - now, time }),
    );
  }

  #bind(state: Conversation, turn: Turn, replica: Replica, seen: number, lease?: Lease): Grant {
    const now = this.#now();
    const restMs = (endsAt(state) ?? Number.POSITIVE_INFINITY) - this.#conversations.timeOf(state);
    const deadline = now + Math.min(state.limits.turnDeadlineMs, restMs);
    const grant: Grant = {
      conversation: state.id,
      turn: turn.number,
      attempt: turn.attempts + 1,
      replica,
      grantedAt: now,
      deadline,
      seen: seen === 0 ? turn.since : seen,
      lease,
    };
    this.#granted.add(grant);
    replica.grants.add(grant);
    this.#records.granted(grant);
    this.#waiting.delete(state.id, turn.member);
    return grant;
  }

  #settle({ lease }: Grant, tokens?: number): void {
    lease?.pool.over(lease, this.#now(), tokens);
  }

  #over(grant: Grant): void {
    this.#release(grant);
    this.#clock.answered(this.#now() - grant.grantedAt);
    this.#pump(grant.replica.name);
    // A call at once has become free: who waits for it longest is next.
    if (grant.lease) this.#serve(grant.lease.pool);
  }

  #release(grant: Grant): void {
    this.#settle(grant);
    grant.replica.grants.delete(grant);
    this.#granted.delete(grant);
  }

  #lapse(grant: Grant, cause: LapseCause): void {
    this.#release(grant);
    this.#records.lapsed(grant, cause);
    if (cause === 'deadline') this.breakers.failed(grant.replica);
    // A router that is leaving takes its connections with it; that is no fault of the agents.
    if (!this.#draining)
      this.#resubmitter.submit(grant.conversation, { type: 'lapse', turn: grant.turn, cause });
  }
}
