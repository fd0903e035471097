import type { Conversations } from './conversations.ts';
import { gathersUntil } from './core/gathering.ts';
import type { WaitingTurns } from './waiting-turns.ts';

/** Notices turns that have waited too long for a member of whom nobody is there. */
export class Absence {
  readonly #conversations: Conversations;
  /** Names that turns wait for and nobody speaks for, with the time since when. */
  #since = new Map<string, number>();

  constructor(conversations: Conversations) {
    this.#conversations = conversations;
  }

  /**
   * `present`: somebody speaks for the name. The time counts from when both hold, the turn and the absence: who was
   * there while the turn waited for something else, or while the router was away, is not absent at once.
   */
  tick(waiting: WaitingTurns, now: number, present: (name: string) => boolean): void {
    const since = new Map<string, number>();
    for (const [name, turns] of waiting) {
      if (present(name)) continue;
      const gone = this.#since.get(name) ?? now;
      since.set(name, gone);
      for (const id of turns.keys()) this.#report(id, name, gone, now);
    }
    this.#since = since;
  }

  #report(id: string, name: string, gone: number, now: number): void {
    const state = this.#conversations.get(id);
    const turn = state?.floor.find(({ member }) => member === name);
    if (!state) return;
    const time = this.#conversations.timeOf(state);
    if ((gathersUntil(state) ?? time) > time) return;
    const { absentMs = 0 } = state.limits;
    if (turn && absentMs > 0 && Math.min(now - gone, time - turn.givenAt) >= absentMs)
      this.#conversations.submit(id, { type: 'absent', turn: turn.number });
  }
}
