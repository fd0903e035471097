import type { Commit, Conversations } from '../../conversations/conversations.ts';
import type { Conversation, Turn } from '../../core/conversation.ts';
import { endsAt } from '../../core/endings/endings.ts';
import type { Presence } from '../../presence/presence.ts';
import type { Replica } from '../../presence/replica.ts';
import type { Lease } from '../../quota/pool.ts';
import { bestReplica } from '../replica-choice.ts';
import type { TurnTraces } from '../turn-traces.ts';
import { endedFrame } from './ended-frame.ts';
import type { Grant, TurnObserver } from './grant.ts';
import { grantFrame } from './grant-frame.ts';
import { type GrantHistory, grantHistory } from './grant-history.ts';
import type { GrantedAttempt, GrantRecords } from './grant-records.ts';
import type { GrantTable } from './grant-table.ts';
import { KnownConversations } from './known-conversations.ts';

export interface GranterOptions {
  readonly conversations: Conversations;
  readonly presence: Presence;
  readonly grants: GrantTable;
  readonly records: GrantRecords;
  readonly observer: TurnObserver;
  /** Undefined: traces are off. */
  readonly traces: TurnTraces | undefined;
  /** The steady clock. */
  readonly now: () => number;
}

/** Grants turns to replicas, and sends replicas what belongs to it: the history that is new to them, and later the ending. */
export class Granter {
  readonly #options: GranterOptions;
  readonly #known = new KnownConversations();

  constructor(options: GranterOptions) {
    this.#options = options;
  }

  /** The best of `replicas`, which all have free capacity; undefined when there is none. */
  choose(replicas: readonly Replica[], { conversation, turn }: { conversation: string; turn: number }) {
    const { grants, records } = this.#options;
    const lapsedBy = records.lapsedBy(conversation, turn);
    return bestReplica(replicas, conversation, lapsedBy, { known: this.#known, grants });
  }

  /** Whether the replica opened the conversation or has taken turns in it. */
  knows(replica: Replica, conversation: string): boolean {
    return this.#known.has(replica, conversation);
  }

  /** The replica opens the conversation: it is sent the ending, also when it is never granted a turn. */
  opens(replica: Replica, conversation: string): void {
    this.#known.add(replica, conversation);
  }

  /** The opening was refused. */
  opensNot(replica: Replica, conversation: string): void {
    this.#known.forget(replica, conversation);
  }

  /** Throws when the history cannot be read. Then no call is made, and the lease is cancelled. */
  grant(state: Conversation, turn: Turn, replica: Replica, lease: Lease | undefined): void {
    const { conversations, observer, traces } = this.#options;
    const time = conversations.timeOf(state);
    const since = this.#known.sentTo(replica, state.id);
    const history = this.#historyFor(state, turn, since, lease);
    this.#known.sent(replica, state.id, state.seq);
    const granted = { attempt: turn.attempts + 1, seen: state.seq, isResumed: false };
    const grant = this.#add(state, turn, replica, granted, lease, time);
    const waitedMs = time - Math.max(turn.givenAt, turn.notBefore);
    observer.granted(waitedMs);
    const trace = traces?.granted(grant, { attempt: grant.attempt, waitedMs, at: time });
    const deadlineMs = grant.deadline - grant.grantedAt;
    replica.connection.send(grantFrame({ state, turn, grant, history, deadlineMs, time, trace }));
  }

  #historyFor(state: Conversation, turn: Turn, since: number, lease: Lease | undefined): GrantHistory {
    try {
      return grantHistory(this.#options.conversations, state, turn.member, since);
    } catch (error) {
      // The call is not made, so the pool must not wait for its end.
      lease?.pool.cancel(lease);
      throw error;
    }
  }

  /**
   * The replica works on the turn already, so it is sent nothing. What it has seen is at least what gave the turn. The lapse
   * of the grant that was lost may not be written yet: it must not end this one.
   */
  resume(state: Conversation, turn: Turn, replica: Replica, lease: Lease | undefined): Grant {
    const lost = this.#options.records.attemptOf(replica, state.id, turn.number);
    const attempt = Math.max(turn.attempts, lost?.attempt ?? 0) + 1;
    const time = this.#options.conversations.timeOf(state);
    this.#known.add(replica, state.id);
    return this.#add(state, turn, replica, { attempt, seen: turn.since, isResumed: true }, lease, time);
  }

  onCommit({ after, entries }: Commit): void {
    const last = entries.at(-1);
    if (last?.type !== 'ended') return;
    const { presence } = this.#options;
    // Members that have left are included: a connection keeps no state of an ended conversation.
    for (const name of new Set([...after.members, ...after.attended.keys()])) {
      let frame: string | undefined;
      for (const replica of presence.replicasOf(name)) {
        if (!this.#known.forget(replica, after.id)) continue;
        frame ??= endedFrame(after, last, name);
        if (frame !== undefined) replica.connection.send(frame);
      }
    }
  }

  #add(
    state: Conversation,
    turn: Turn,
    replica: Replica,
    { attempt, seen, isResumed }: GrantedAttempt,
    lease: Lease | undefined,
    time: number,
  ): Grant {
    const { grants, records, now } = this.#options;
    const grantedAt = now();
    const restMs = (endsAt(state) ?? Number.POSITIVE_INFINITY) - time;
    const grant: Grant = {
      conversation: state.id,
      turn: turn.number,
      attempt,
      isResumed,
      replica,
      grantedAt,
      deadline: grantedAt + Math.min(state.limits.turnDeadlineMs, restMs),
      seen,
      lease,
    };
    grants.add(grant);
    records.granted(grant);
    return grant;
  }
}
