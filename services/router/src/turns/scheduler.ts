import type { LapseCause } from '@parley/protocol';
import type { Commit, Missed } from '../conversations/conversations.ts';
import { Resubmitter } from '../conversations/resubmit.ts';
import type { Conversation, Turn } from '../core/conversation.ts';
import { tokensOf } from '../core/endings/endings.ts';
import { turnsOf } from '../core/floor/floor.ts';
import { type FloorChange, floorChange } from '../core/floor/floor-change.ts';
import type { PresenceChange } from '../presence/presence.ts';
import type { Replica, WorkingTurn } from '../presence/replica.ts';
import type { Lease, Pool } from '../quota/pool.ts';
import type { Answer } from './bids.ts';
import { ClaimedGrants } from './claims/claimed-grants.ts';
import { deadlineDetail } from './grants/deadline-detail.ts';
import type { Grant } from './grants/grant.ts';
import { Resuming } from './resuming.ts';
import type { SchedulerOptions } from './scheduler-options.ts';
import { Absence } from './waiting/absence.ts';
import { type WaitingTurn, WaitingTurns } from './waiting/waiting-turns.ts';

/** The maximum number of turns of one member that are tried in one call. */
const maxTried = 200;

/**
 * Grants waiting turns to replicas. All its state follows from the ledger and the open connections, so it is rebuilt from them
 * after a restart.
 */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #waiting = new WaitingTurns();
  readonly #absence: Absence;
  readonly #resuming: Resuming;
  /** Undefined where turns are granted without a claim. */
  readonly #claimed: ClaimedGrants | undefined;
  /** Submits a lapse again that the ledger could not store. Otherwise its turn would stay open for ever. */
  readonly #resubmitter: Resubmitter;
  #isDraining = false;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#absence = new Absence(options);
    this.#resuming = new Resuming(options);
    const { claiming } = options;
    this.#claimed =
      claiming &&
      new ClaimedGrants({
        ...{ ...options, claiming },
        mayGrant: () => this.#mayGrant,
        requeue: (state, turn) => {
          // A later tick tries again.
          if (!this.#isTaken(state.id, turn.number)) this.#queue(state, turn);
        },
      });
    this.#resubmitter = new Resubmitter(options.conversations);
  }

  /** Queues the turns of all running conversations. To be called once, after recovery. */
  start(): void {
    const { conversations, records } = this.#options;
    for (const state of conversations.running()) {
      records.inherit(state);
      this.#reconcile(state);
    }
  }

  /** Queues the turns of a conversation of which a follower missed a commit, and ends what its ended turns had. */
  retake({ after, turns }: Missed): void {
    this.#reconcile(after, turns);
  }

  /** No turn is granted from now on. */
  drain(): void {
    this.#isDraining = true;
  }

  get #mayGrant(): boolean {
    return !this.#isDraining && this.#options.isWritable();
  }

  /** The conversations in which turns of the member wait to be granted. */
  waitingOf(member: string): Iterable<string> {
    return this.#waiting.of(member)?.keys() ?? [];
  }

  /** How many turns wait for a call of the pool. */
  waitingFor(pool: Pool): number {
    return this.#waiting.waitingFor(pool);
  }

  /** Whether the turn waits in the queue of a pool. */
  isQueuedForPool(conversation: string, member: string): boolean {
    return this.#waiting.of(member)?.get(conversation)?.pool !== undefined;
  }

  /** More calls of the pool may be made. */
  poolGrown(pool: Pool): void {
    this.#serve(pool);
  }

  onPresence(change: PresenceChange): void {
    if (change.type === 'replica-joined') this.#joined(change.replica, change.working);
    else if (change.type === 'replica-left') this.#left(change.replica);
  }

  /** A bid waits for its place in the ledger: its turn is not granted again, and its replica is free. */
  bidHeld(conversation: string, { from, turn, usage }: Answer): void {
    const { grants, breakers } = this.#options;
    this.#waiting.delete(conversation, from);
    const grant = grants.at(conversation, turn);
    if (!grant) return;
    if (usage) grants.callOver(grant, tokensOf(usage));
    breakers.forget(grant.replica);
    this.#end(grant);
  }

  /** The bid is written, or it did not count. Then its turn waits again: no commit would queue it. */
  bidReleased(conversation: string, number: number): void {
    const state = this.#options.conversations.get(conversation);
    const turn = state?.floor.find((one) => one.number === number);
    if (!state || !turn || this.#isTaken(conversation, number)) return;
    this.#queue(state, turn);
    this.#pump(turn.member);
  }

  onCommit({ after, entries, turns }: Commit): void {
    const { grants, breakers } = this.#options;
    for (const entry of entries) {
      const turn = 'turn' in entry ? entry.turn : undefined;
      const grant = turn === undefined ? undefined : grants.at(after.id, turn);
      if (!grant) continue;
      breakers.judge(grant.replica, entry);
      if (entry.type === 'lapsed' && entry.cause === 'model-unavailable') grants.callFailed(grant);
      if ('usage' in entry && entry.usage) grants.callOver(grant, tokensOf(entry.usage));
    }
    this.#reconcile(after, turns);
  }

  /** Takes back the grants whose deadline has passed, and tries the turns that waited for a time. */
  tick(now: number): void {
    const { grants, gathering, presence } = this.#options;
    this.#resubmitter.tick();
    for (const grant of grants.all()) if (grant.deadline <= now) this.#lapse(grant, 'deadline');
    gathering.tick();
    for (const pool of this.#waiting.pools()) this.#serve(pool);
    for (const name of presence.agentNamesHere()) this.#pump(name);
    this.#absence.tick(this.#waiting, now);
  }

  #joined(replica: Replica, working: readonly WorkingTurn[]): void {
    for (const claimed of working) {
      const { conversation, turn } = claimed;
      if (this.#resuming.resume(replica, claimed, this.#isTaken(conversation, turn)))
        this.#waiting.delete(conversation, replica.name);
    }
    this.#pump(replica.name);
  }

  #left(replica: Replica): void {
    const { grants, breakers } = this.#options;
    breakers.forget(replica);
    for (const grant of [...grants.ofReplica(replica)]) this.#lapse(grant, 'gone');
  }

  #isTaken(conversation: string, turn: number): boolean {
    const { grants, bids, claiming } = this.#options;
    const isGranted = grants.at(conversation, turn) !== undefined || bids.holds(conversation, turn);
    return isGranted || (claiming?.has(conversation, turn) ?? false);
  }

  /** Another router has made a claim in the conversation, or it has ended. */
  claimChanged(conversation: string): void {
    const state = this.#options.conversations.get(conversation);
    if (state) this.#reconcile(state);
  }

  /** Makes grants and waiting turns follow the floor of the conversation. Without a change, all its turns are looked at. */
  #reconcile(after: Conversation, { ended, due }: FloorChange = floorChange(undefined, after)): void {
    const { gathering, grants, records, claiming } = this.#options;
    gathering.see(after);
    for (const turn of ended) {
      this.#waiting.delete(after.id, turn.member);
      records.forget(after.id, turn.number);
    }
    const granted = grants.inConversation(after.id);
    const turnOf = granted.length > 0 ? turnsOf(after.floor) : undefined;
    for (const grant of granted) {
      const turn = turnOf?.(grant.turn);
      const isSeated = turn !== undefined && after.seats.has(turn.member);
      if (turn && turn.attempts < grant.attempt && !isSeated) continue;
      if (turn && !isSeated) records.lapsed(grant);
      this.#end(grant);
    }
    claiming?.settle(after);
    // What other routers have claimed may have changed also for a turn that did not change.
    for (const turn of claiming ? after.floor : due) {
      if (this.#isTaken(after.id, turn.number)) continue;
      this.#queue(after, turn);
      this.#pump(turn.member);
    }
  }

  #queue(state: Conversation, turn: Turn): void {
    // A turn that waits for an operator is queued by the commit of the operator's command.
    const isDue = state.status.state === 'running' && !state.seats.has(turn.member);
    if (isDue && !this.#options.elsewhere.holds(state, turn)) this.#waiting.add(state.id, turn.member);
    else this.#waiting.delete(state.id, turn.member);
  }

  /**
   * Tries the member's turns, oldest first, while its replicas have free capacity. A turn in the queue of a pool counts against
   * that capacity.
   */
  #pump(name: string): void {
    const turns = this.#waiting.of(name);
    const replicas = this.#options.presence.replicasOf(name);
    if (!this.#mayGrant || !turns || replicas.size === 0) return;
    let tried = 0;
    for (const waiting of turns.values()) {
      if (waiting.pool) continue;
      let free = -this.#waiting.queuedOf(name);
      for (const replica of replicas) free += this.#freeCapacity(replica);
      if (free <= 0) return;
      // Bounds the work of one call: turns that may not be granted yet are queued after those that were not tried.
      if (tried++ >= maxTried) return this.#waiting.putLast(name, maxTried);
      this.#try(waiting);
    }
  }

  #freeCapacity(replica: Replica): number {
    const { breakers, grants, claiming } = this.#options;
    // A frame to a closing connection would be lost.
    if (!replica.connection.isOpen) return 0;
    const active = grants.countOf(replica) + (claiming?.countOf(replica) ?? 0);
    return breakers.allow(replica, active) ? Math.max(0, replica.capacity - active) : 0;
  }

  /** Gives the calls that have become free to the turns at the head of the pool's queue. */
  #serve(pool: Pool): void {
    if (!this.#mayGrant) return;
    for (let first = this.#waiting.next(pool); first; first = this.#waiting.next(pool)) {
      this.#try(first);
      if (first.pool === pool) return;
    }
  }

  #try(waiting: WaitingTurn): void {
    this.#options.conversations.attempt(waiting.conversation, () => this.#grantOrQueue(waiting));
  }

  /** Grants the turn, or puts it into the queue of its pool, where no rule is against it. */
  #grantOrQueue(waiting: WaitingTurn): void {
    const { conversations, presence, granter, rules, pools, prices, now } = this.#options;
    const { conversation, member } = waiting;
    const state = conversations.get(conversation);
    const turn = state?.floor.find((one) => one.member === member);
    if (!state || !turn) return this.#waiting.delete(conversation, member);
    const free = rules.isGrantable(state, turn)
      ? [...presence.replicasOf(member)].filter((one) => this.#freeCapacity(one) > 0)
      : [];
    const replica = granter.choose(free, { conversation, turn: turn.number });
    const model = state.cast.get(member)?.model ?? replica?.model;
    const missing = replica && prices.missingFor(state.limits, model);
    if (missing) conversations.submit(conversation, { type: 'fail', detail: missing });
    if (!replica || missing) return this.#waiting.dequeue(waiting);
    const pool = pools.of(model);
    if (!pool) return this.#grant(state, turn, replica);
    const isNext = (this.#waiting.next(pool) ?? waiting) === waiting;
    const lease = isNext ? pool.lease(now()) : undefined;
    if (lease) this.#grant(state, turn, replica, lease);
    else this.#waiting.enqueue(waiting, pool);
  }

  #grant(state: Conversation, turn: Turn, replica: Replica, lease?: Lease): void {
    if (this.#claimed) this.#claimed.begin(state, turn, replica, lease);
    else this.#options.granter.grant(state, turn, replica, lease);
    this.#waiting.delete(state.id, turn.member);
  }

  /** The grant was answered or withdrawn. What it occupied goes to the next turns. */
  #end(grant: Grant): void {
    const { grants, observer, now } = this.#options;
    grants.end(grant);
    observer.answered(now() - grant.grantedAt);
    this.#pump(grant.replica.name);
    if (grant.lease) this.#serve(grant.lease.pool);
  }

  #lapse(grant: Grant, cause: LapseCause): void {
    const { conversations, grants, records, breakers } = this.#options;
    const { conversation, turn, attempt } = grant;
    const detail = cause === 'deadline' ? deadlineDetail(grant, conversations.get(conversation)) : undefined;
    grants.end(grant);
    records.lapsed(grant, cause);
    if (cause === 'deadline') breakers.failed(grant.replica);
    // A router that drains ends its connections itself: that is no failure of the agents.
    if (!this.#isDraining)
      this.#resubmitter.submit(conversation, { type: 'lapse', turn, attempt, cause, detail });
  }
}
