import type { LapseCause } from '@parley/protocol';
import type { Conversation } from '../core/conversation.ts';
import type { Grant, Replica } from './grant.ts';

/** Which attempt at a turn a connection was granted, and what it had been sent by then. */
export interface Held {
  readonly attempt: number;
  readonly seen: number;
}

interface TurnRecord {
  /** Every connection that was granted the turn. */
  readonly by: WeakMap<Replica, Held>;
  /** The last connection that let it lapse; another replica is preferred. */
  last?: Replica;
  /** The last grant that came back because its connection was lost. */
  lost?: Held;
  /** The turn was open when this router started: an earlier router may have granted it. */
  readonly inherited?: 'inherited';
}

/**
 * Who was granted which of the turns that are open. It tells an answer to a grant from an answer that nobody asked for, and
 * a late answer from one in time. Nothing of it outlives the router, and nothing of a turn outlives the turn.
 */
export class GrantRecords {
  readonly #turns = new Map<string, Map<number, TurnRecord>>();

  /** A conversation that the ledger had when the router started. */
  inherit({ id, floor }: Conversation): void {
    for (const { number } of floor) this.#of(id).set(number, { by: new WeakMap(), inherited: 'inherited' });
  }

  granted({ conversation, turn, replica, attempt, seen }: Grant): void {
    const turns = this.#of(conversation);
    const record = turns.get(turn) ?? { by: new WeakMap() };
    record.by.set(replica, { attempt, seen });
    turns.set(turn, record);
  }

  lapsed({ conversation, turn, replica, attempt, seen }: Grant, cause?: LapseCause): void {
    const record = this.#turns.get(conversation)?.get(turn);
    if (!record) return;
    record.last = replica;
    if (cause === 'gone') record.lost = { attempt, seen };
  }

  last(conversation: string, turn: number): Replica | undefined {
    return this.#turns.get(conversation)?.get(turn)?.last;
  }

  held(replica: Replica, conversation: string, turn: number): Held | undefined {
    return this.#turns.get(conversation)?.get(turn)?.by.get(replica);
  }

  /**
   * What there is to say for a new connection that claims to work on the turn: `lost`, a grant of it was lost with its
   * connection; `inherited`, an earlier router may have granted it; undefined, this router knows better.
   */
  claim(replica: Replica, conversation: string, turn: number): 'lost' | 'inherited' | undefined {
    const record = this.#turns.get(conversation)?.get(turn);
    if (!record?.lost) return record?.inherited;
    record.by.set(replica, record.lost);
    return 'lost';
  }

  /** The turn has been taken, or is gone. */
  forget(conversation: string, turn: number): void {
    const turns = this.#turns.get(conversation);
    turns?.delete(turn);
    if (turns?.size === 0) this.#turns.delete(conversation);
  }

  #of(conversation: string): Map<number, TurnRecord> {
    const turns = this.#turns.get(conversation) ?? new Map<number, TurnRecord>();
    this.#turns.set(conversation, turns);
    return turns;
  }
}
