import type { Conversations } from '../../conversations/conversations.ts';
import { gathersUntil } from '../../core/floor/gathering.ts';
import type { Presence } from '../../presence/presence.ts';
import { Walk } from '../walk.ts';
import type { WaitingTurns } from './waiting-turns.ts';

/** The maximum number of turns that one tick examines. */
const budget = 20_000;

export interface AbsenceOptions {
  readonly conversations: Conversations;
  readonly presence: Presence;
  /** How much later than the home of the conversation this router acts on it; 0 if it is the home. */
  readonly delayOf: (conversation: string) => number;
}

/** Notices turns that have waited longer than `absentMs` for a member that is not connected. */
export class Absence {
  readonly #conversations: Conversations;
  readonly #presence: Presence;
  readonly #delayOf: (conversation: string) => number;
  /** Disconnected names for which turns wait, with the time since when both hold. */
  #since = new Map<string, number>();
  /** The same, as found by the present walk so far. */
  #seen = new Map<string, number>();
  readonly #walk = new Walk<[string, ReadonlyMap<string, unknown>]>();

  constructor({ conversations, presence, delayOf }: AbsenceOptions) {
    this.#conversations = conversations;
    this.#presence = presence;
    this.#delayOf = delayOf;
  }

  /**
   * The time counts from when both hold, the turn waits and the member is not connected. A member that was connected while its
   * turn waited for something else, or before the router restarted, is not absent at once.
   */
  tick(waiting: WaitingTurns, now: number): void {
    const isOver = this.#walk.step(
      () => waiting,
      budget,
      ([name, turns]) => {
        if (this.#presence.isConnected(name)) return 1;
        const since = this.#since.get(name) ?? now;
        this.#seen.set(name, since);
        for (const id of turns.keys()) this.#report(id, name, since, now);
        return turns.size;
      },
    );
    if (!isOver) return;
    this.#since = this.#seen;
    this.#seen = new Map();
  }

  #report(id: string, name: string, since: number, now: number): void {
    const state = this.#conversations.get(id);
    const { absentMs = 0 } = state?.limits ?? {};
    if (!state || absentMs === 0 || now - since < absentMs) return;
    const turn = state.floor.find(({ member }) => member === name);
    const time = this.#conversations.timeOf(state);
    if ((gathersUntil(state) ?? time) > time) return;
    if (turn && time - turn.givenAt >= absentMs && now - since >= absentMs + this.#delayOf(id))
      this.#conversations.submit(id, { type: 'absent', turn: turn.number });
  }
}
