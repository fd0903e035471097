import type { Conversations } from '../conversations/conversations.ts';
import { gathersUntil } from '../core/gathering.ts';
import type { WaitingTurns } from './waiting-turns.ts';
import { Walk } from './walk.ts';

/** Turns that are looked at in one tick. */
const budget = 20_000;

/** Notices turns that have waited too long for a member of whom nobody is there. */
export class Absence {
  readonly #conversations: Conversations;
  /** Names that turns wait for and nobody speaks for, with the time since when. */
  #since = new Map<string, number>();
  /** The same, as far as the walk under way has come. */
  #seen = new Map<string, number>();
  readonly #walk = new Walk<[string, ReadonlyMap<string, unknown>]>();

  constructor(conversations: Conversations) {
    this.#conversations = conversations;
  }

  /**
   * `present`: somebody speaks for the name. The time counts from when both hold, the turn and the absence: who was
   * there while the turn waited for something else, or while the router was away, is not absent at once.
   */
  tick(waiting: WaitingTurns, now: number, present: (name: string) => boolean): void {
    const isOver = this.#walk.step(
      () => waiting,
      budget,
      ([name, turns]) => {
        if (present(name)) return 1;
        const gone = this.#since.get(name) ?? now;
        this.#seen.set(name, gone);
        for (const id of turns.keys()) this.#report(id, name, gone, now);
        return turns.size;
      },
    );
    if (!isOver) return;
    this.#since = this.#seen;
    this.#seen = new Map();
  }

  #report(id: string, name: string, gone: number, now: number): void {
    const state = this.#conversations.get(id);
    const { absentMs = 0 } = state?.limits ?? {};
    if (!state || absentMs === 0 || now - gone < absentMs) return;
    const turn = state.floor.find(({ member }) => member === name);
    const time = this.#conversations.timeOf(state);
    if ((gathersUntil(state) ?? time) > time) return;
    if (turn && time - turn.givenAt >= absentMs)
      this.#conversations.submit(id, { type: 'absent', turn: turn.number });
  }
}
