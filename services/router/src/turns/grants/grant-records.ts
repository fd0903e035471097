import type { LapseCause } from '@parley/protocol';
import type { Conversation } from '../../core/conversation.ts';
import type { Replica } from '../../presence/replica.ts';
import type { Grant } from './grant.ts';

/** An attempt at a turn that a connection was granted, and the seq of the last entry that it had been sent by then. */
export interface GrantedAttempt {
  readonly attempt: number;
  readonly seen: number;
  /** The connection was sent no frame: an attempt that it names is one that it was told on an earlier connection. */
  readonly isResumed: boolean;
}

interface TurnRecord {
  /** The newest grant of each connection that was granted the turn. */
  readonly byReplica: WeakMap<Replica, GrantedAttempt>;
  /** The last connection that let it lapse: another replica is preferred. */
  lapsedBy?: Replica;
  /** The last grant that ended because its connection was lost. */
  lost?: GrantedAttempt;
  /** The turn was open when this router started: an earlier router may have granted it. */
  readonly isInherited: boolean;
}

/** What is known about the claim of a new connection to work on a turn; undefined when the claim is false. */
export type Claim = 'lost' | 'inherited' | undefined;

/**
 * Which connections were granted which of the open turns. This separates an answer to a grant from an unasked one, and a late
 * answer from one in time. A record lives as long as its turn, and does not survive a restart.
 */
export class GrantRecords {
  readonly #turns = new Map<string, Map<number, TurnRecord>>();

  /** A conversation that was in the ledger when the router started. */
  inherit({ id, floor }: Conversation): void {
    for (const { number } of floor)
      this.#turnsOf(id).set(number, { byReplica: new WeakMap(), isInherited: true });
  }

  granted({ conversation, turn, replica, attempt, seen, isResumed }: Grant): void {
    const turns = this.#turnsOf(conversation);
    const record = turns.get(turn) ?? { byReplica: new WeakMap(), isInherited: false };
    record.byReplica.set(replica, { attempt, seen, isResumed });
    turns.set(turn, record);
  }

  lapsed({ conversation, turn, replica, attempt, seen }: Grant, cause?: LapseCause): void {
    const record = this.#turns.get(conversation)?.get(turn);
    if (!record) return;
    record.lapsedBy = replica;
    if (cause === 'gone') record.lost = { attempt, seen, isResumed: true };
  }

  /** The last connection that let the turn lapse. */
  lapsedBy(conversation: string, turn: number): Replica | undefined {
    return this.#turns.get(conversation)?.get(turn)?.lapsedBy;
  }

  attemptOf(replica: Replica, conversation: string, turn: number): GrantedAttempt | undefined {
    return this.#turns.get(conversation)?.get(turn)?.byReplica.get(replica);
  }

  /**
   * A new connection claims to work on the turn. `lost`: a grant of the turn ended with its connection, and is now recorded
   * for this one. `inherited`: an earlier router may have granted it.
   */
  claim(replica: Replica, conversation: string, turn: number): Claim {
    const record = this.#turns.get(conversation)?.get(turn);
    if (!record?.lost) return record?.isInherited ? 'inherited' : undefined;
    record.byReplica.set(replica, record.lost);
    return 'lost';
  }

  /** The connection was granted this attempt by another router. */
  lostElsewhere(
    replica: Replica,
    { conversation, turn }: { readonly conversation: string; readonly turn: number },
    granted: GrantedAttempt,
  ): void {
    const turns = this.#turnsOf(conversation);
    const record = turns.get(turn) ?? { byReplica: new WeakMap(), isInherited: false };
    record.byReplica.set(replica, granted);
    turns.set(turn, record);
  }

  /** The turn is not open any more. */
  forget(conversation: string, turn: number): void {
    const turns = this.#turns.get(conversation);
    turns?.delete(turn);
    if (turns?.size === 0) this.#turns.delete(conversation);
  }

  #turnsOf(conversation: string): Map<number, TurnRecord> {
    const turns = this.#turns.get(conversation) ?? new Map<number, TurnRecord>();
    this.#turns.set(conversation, turns);
    return turns;
  }
}
