import type { Entry } from '@parley/protocol';
import type { Conversation } from '../../core/conversation.ts';
import { type Opening, wasOpenedSo } from '../../core/opening.ts';
import { continued, type Held, nothing, skipped } from '../held.ts';
import { ConversationTime } from './conversation-time.ts';
import { Openings } from './openings.ts';

/** The conversations that have not ended, in memory, each with its own time. */
export class Running {
  readonly #time: ConversationTime;
  readonly #held = new Map<string, Held>();
  readonly #openings = new Openings();

  /** `now`: the steady clock. */
  constructor(now: () => number, wall: () => number) {
    this.#time = new ConversationTime(now, wall);
  }

  get count(): number {
    return this.#held.size;
  }

  get(id: string): Held | undefined {
    return this.#held.get(id);
  }

  *states(): Iterable<Conversation> {
    for (const { state } of this.#held.values()) yield state;
  }

  /** Holds the state after `entries`; without entries, a conversation that was read from the ledger. */
  hold(state: Conversation, entries: readonly Entry[]): Held {
    const known = this.#held.get(state.id);
    if (!known) this.#openings.add(state);
    const held = continued(known, state, entries, (at) => this.#time.aheadAfter(at));
    if (!known) this.#held.set(state.id, held);
    return held;
  }

  drop(id: string): void {
    const held = this.#held.get(id);
    if (held) this.#openings.delete(held.state);
    this.#held.delete(id);
  }

  /** The oldest conversation that was opened so, and in which all members of its opening still are. */
  openedSo(opening: Opening): string | undefined {
    for (const id of this.#openings.of(opening)) {
      const held = this.#held.get(id);
      if (held && wasOpenedSo(held.state, opening)) return id;
    }
    return undefined;
  }

  /** Now, in the time of the conversation: to compare with the times in its state. */
  timeOf(id: string): number {
    return this.#time.at(this.#held.get(id)?.ahead);
  }

  /** When the wall clock was set forward, the time of every conversation follows it. */
  followClock(): void {
    const drift = this.#time.moved();
    if (drift === undefined) return;
    for (const held of this.#held.values()) if (held.ahead < drift) skipped(held, drift);
  }

  /** The state as its entries alone give it; undefined when time was skipped in it, or its last entry is not `seq`. */
  exactState(id: string, seq?: number): Conversation | undefined {
    const held = this.#held.get(id);
    return held?.hasSkipped || (seq !== undefined && held?.state.seq !== seq) ? undefined : held?.state;
  }

  /** A checkpoint of the conversation was written. */
  kept(id: string): void {
    const held = this.#held.get(id);
    if (held) held.unkept = nothing;
  }
}
