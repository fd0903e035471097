import type { Pool } from '../../quota/pool.ts';

/** A turn that has not been granted. A member has at most one in each conversation. */
export interface WaitingTurn {
  readonly conversation: string;
  readonly member: string;
  /** The pool in whose queue it waits for a call. */
  pool?: Pool | undefined;
}

/**
 * The turns that wait, by member, and those that wait for a model call also in a first-in-first-out queue for each pool. All
 * operations take constant time, except `putLast`.
 */
export class WaitingTurns {
  readonly #byMember = new Map<string, Map<string, WaitingTurn>>();
  readonly #queues = new Map<Pool, Set<WaitingTurn>>();
  /** How many turns of each member are in queues. */
  readonly #queued = new Map<string, number>();

  /** Each member's turns, oldest first. */
  [Symbol.iterator](): Iterator<[string, ReadonlyMap<string, WaitingTurn>]> {
    return this.#byMember[Symbol.iterator]();
  }

  /** By conversation, oldest first. */
  of(member: string): ReadonlyMap<string, WaitingTurn> | undefined {
    return this.#byMember.get(member);
  }

  add(conversation: string, member: string): void {
    const turns = this.#byMember.get(member) ?? new Map<string, WaitingTurn>();
    this.#byMember.set(member, turns);
    if (!turns.has(conversation)) turns.set(conversation, { conversation, member });
  }

  delete(conversation: string, member: string): void {
    const turns = this.#byMember.get(member);
    const turn = turns?.get(conversation);
    if (!turns || !turn) return;
    this.dequeue(turn);
    // A map that becomes empty allocates a smaller table first.
    if (turns.size === 1) this.#byMember.delete(member);
    else turns.delete(conversation);
  }

  /** The first `count` turns of a member that are in no queue go behind its others. */
  putLast(member: string, count: number): void {
    const turns = this.#byMember.get(member);
    let left = count;
    for (const [id, turn] of turns ?? []) {
      if (turn.pool) continue;
      if (left-- <= 0) return;
      turns?.delete(id);
      turns?.set(id, turn);
    }
  }

  /** Pools with a queue that is not empty. */
  pools(): Iterable<Pool> {
    return this.#queues.keys();
  }

  /** Length of the pool's queue. */
  waitingFor(pool: Pool): number {
    return this.#queues.get(pool)?.size ?? 0;
  }

  /** The head of the pool's queue; undefined when the queue is empty. */
  next(pool: Pool): WaitingTurn | undefined {
    for (const first of this.#queues.get(pool) ?? []) return first;
    return undefined;
  }

  enqueue(turn: WaitingTurn, pool: Pool): void {
    if (turn.pool === pool) return;
    this.dequeue(turn);
    turn.pool = pool;
    this.#queues.set(pool, (this.#queues.get(pool) ?? new Set()).add(turn));
    this.#queued.set(turn.member, this.queuedOf(turn.member) + 1);
  }

  /** The turn still waits, but for no call. */
  dequeue(turn: WaitingTurn): void {
    const { pool, member } = turn;
    if (!pool) return;
    turn.pool = undefined;
    const queue = this.#queues.get(pool);
    queue?.delete(turn);
    if (queue?.size === 0) this.#queues.delete(pool);
    const left = this.queuedOf(member) - 1;
    if (left > 0) this.#queued.set(member, left);
    else this.#queued.delete(member);
  }

  /** How many of the member's turns wait for a call. */
  queuedOf(member: string): number {
    return this.#queued.get(member) ?? 0;
  }
}
