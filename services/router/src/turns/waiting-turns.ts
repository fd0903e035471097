import type { Pool } from '../quota/pool.ts';

/** A member that has the floor of a conversation and has been granted nothing. */
export interface WaitingTurn {
  readonly conversation: string;
  readonly member: string;
  /** The pool in whose line it stands for a call. */
  pool?: Pool | undefined;
}

/**
 * Who waits, per member and, where calls of a model are short, in one line per pool: first come, first served,
 * whoever's the turn is. All but `count` takes constant time.
 */
export class WaitingTurns {
  readonly #byMember = new Map<string, Map<string, WaitingTurn>>();
  readonly #lines = new Map<Pool, Set<WaitingTurn>>();
  readonly #inLine = new Map<string, number>();

  get count(): number {
    let count = 0;
    for (const turns of this.#byMember.values()) count += turns.size;
    return count;
  }

  /** Each member's turns, oldest first. */
  [Symbol.iterator](): Iterator<[string, ReadonlyMap<string, WaitingTurn>]> {
    return this.#byMember[Symbol.iterator]();
  }

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
    this.leaveLine(turn);
    turns.delete(conversation);
    if (turns.size === 0) this.#byMember.delete(member);
  }

  /** The first `count` turns of a member that stand in no line go behind its others. */
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

  /** Pools for whose calls somebody waits. */
  pools(): Iterable<Pool> {
    return this.#lines.keys();
  }

  /** How many turns wait for a call of the pool. */
  waitingFor(pool: Pool): number {
    return this.#lines.get(pool)?.size ?? 0;
  }

  /** Who is served next; undefined when nobody waits for a call of this pool. */
  next(pool: Pool): WaitingTurn | undefined {
    for (const first of this.#lines.get(pool) ?? []) return first;
    return undefined;
  }

  lineUp(turn: WaitingTurn, pool: Pool): void {
    if (turn.pool === pool) return;
    this.leaveLine(turn);
    turn.pool = pool;
    this.#lines.set(pool, (this.#lines.get(pool) ?? new Set()).add(turn));
    this.#inLine.set(turn.member, this.inLine(turn.member) + 1);
  }

  leaveLine(turn: WaitingTurn): void {
    const { pool, member } = turn;
    if (!pool) return;
    turn.pool = undefined;
    const line = this.#lines.get(pool);
    line?.delete(turn);
    if (line?.size === 0) this.#lines.delete(pool);
    const left = this.inLine(member) - 1;
    if (left > 0) this.#inLine.set(member, left);
    else this.#inLine.delete(member);
  }

  /** How many of the member's turns wait for a call. */
  inLine(member: string): number {
    return this.#inLine.get(member) ?? 0;
  }
}
