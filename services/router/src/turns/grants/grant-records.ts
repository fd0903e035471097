import type { LapseCause } from '@parley/protocol';
import type { Conversation } from '../../core/conversation.ts';
import type { Replica } from '../../presence/replica.ts';
import type { Grant } from './grant.ts';
import { TurnMap } from './turn-map.ts';

/** An attempt at a turn that a connection was granted, and the seq of the last entry that it had been sent by then. */
export interface GrantedAttempt {
  readonly attempt: number;
  readonly seen: number;
  /** The connection was sent no frame: an attempt that it names is one that it was told on an earlier connection. */
  readonly isResumed: boolean;
}

/** The newest grant of a connection that was granted the turn. `to`: the number of the connection. */
interface Granted extends GrantedAttempt {
  readonly to: number;
}

interface TurnRecord {
  readonly turn: number;
  /** Rarely more than one. */
  granted: readonly Granted[];
  /** The last connection that let it lapse: another replica is preferred. */
  lapsedBy?: Replica;
  /** The last grant that ended because its connection was lost. */
  lost?: GrantedAttempt;
  /** The turn was open when this router started: an earlier router may have granted it. */
  readonly isInherited: boolean;
}

/** Why a new connection may resume a turn on which it says that it works; undefined: it may not. */
export type ResumeReason = 'lost' | 'inherited' | undefined;

/**
 * Which connections were granted which of the open turns. This separates an answer to a grant from an unasked one, and a late
 * answer from one in time. A record lives as long as its turn, and does not survive a restart.
 */
export class GrantRecords {
  readonly #turns = new TurnMap<TurnRecord>();
  /** A number for each connection. A weak map of its own for each turn would cost more than all the rest of its record. */
  readonly #numbers = new WeakMap<Replica, number>();
  #lastNumber = 0;

  /** A conversation that was in the ledger when the router started. */
  inherit({ id, floor }: Conversation): void {
    for (const { number } of floor) this.#turns.set(id, { turn: number, granted: [], isInherited: true });
  }

  granted({ conversation, turn, replica, attempt, seen, isResumed }: Grant): void {
    this.#note(this.#recordOf(conversation, turn), replica, { attempt, seen, isResumed });
  }

  lapsed({ conversation, turn, replica, attempt, seen }: Grant, cause?: LapseCause): void {
    const record = this.#turns.get(conversation, turn);
    if (!record) return;
    record.lapsedBy = replica;
    if (cause === 'gone') record.lost = { attempt, seen, isResumed: true };
  }

  /** The last connection that let the turn lapse. */
  lapsedBy(conversation: string, turn: number): Replica | undefined {
    return this.#turns.get(conversation, turn)?.lapsedBy;
  }

  attemptOf(replica: Replica, conversation: string, turn: number): GrantedAttempt | undefined {
    const record = this.#turns.get(conversation, turn);
    return record && this.#grantedTo(record, replica);
  }

  /**
   * For a new connection that says that it works on the turn. `lost`: a grant of the turn ended with its connection; it is now
   * recorded for the new one. `inherited`: an earlier router may have granted the turn.
   */
  resumeReason(replica: Replica, conversation: string, turn: number): ResumeReason {
    const record = this.#turns.get(conversation, turn);
    if (!record?.lost) return record?.isInherited ? 'inherited' : undefined;
    this.#note(record, replica, record.lost);
    return 'lost';
  }

  /** The connection was granted this attempt by another router. */
  lostElsewhere(
    replica: Replica,
    { conversation, turn }: { readonly conversation: string; readonly turn: number },
    granted: GrantedAttempt,
  ): void {
    this.#note(this.#recordOf(conversation, turn), replica, granted);
  }

  /** The turn is not open any more. */
  forget(conversation: string, turn: number): void {
    this.#turns.delete(conversation, turn);
  }

  #recordOf(conversation: string, turn: number): TurnRecord {
    const known = this.#turns.get(conversation, turn);
    if (known) return known;
    const record: TurnRecord = { turn, granted: [], isInherited: false };
    this.#turns.set(conversation, record);
    return record;
  }

  #grantedTo({ granted }: TurnRecord, replica: Replica): Granted | undefined {
    const to = this.#numbers.get(replica);
    return granted.find((one) => one.to === to);
  }

  #note(record: TurnRecord, replica: Replica, { attempt, seen, isResumed }: GrantedAttempt): void {
    const known = this.#numbers.get(replica);
    const to = known ?? ++this.#lastNumber;
    if (known === undefined) this.#numbers.set(replica, to);
    const granted = { to, attempt, seen, isResumed };
    // Not with `push`, which makes space for 17.
    record.granted = [granted, ...record.granted.filter((one) => one.to !== to)];
  }
}
