import type { ClientFrame } from '@parley/protocol';
import { type Backoff, type Dice, fullJitter } from './backoff.ts';

type FrameOf<T extends ClientFrame['type']> = Extract<ClientFrame, { type: T }>;
/** An answer to a grant. */
export type Kept = (FrameOf<'say'> & { readonly turn: number }) | FrameOf<'bid' | 'pass'>;
export interface Place {
  readonly conversation: string;
  readonly turn: number;
}

const backoff: Backoff = { baseMs: 1_000, capMs: 30_000 };

/** Finished answers that the router has not confirmed. They are sent again on the next connection. */
export class Outbox {
  readonly #kept = new Map<string, { readonly frame: Kept; refusals: number }>();

  put(frame: Kept): void {
    this.#kept.set(frame.conversation, { frame, refusals: 0 });
  }

  /** The unconfirmed answer to this turn. */
  get({ conversation, turn }: Place): Kept | undefined {
    const frame = this.#kept.get(conversation)?.frame;
    return frame?.turn === turn ? frame : undefined;
  }

  /**
   * Milliseconds until an answer that the router could not take is sent again: longer each time. Undefined after `most`
   * repetitions.
   */
  refused(place: Place, dice: Dice, most: number): number | undefined {
    const kept = this.get(place) && this.#kept.get(place.conversation);
    const refusals = kept ? kept.refusals++ : 0;
    return refusals < most ? fullJitter(refusals, dice, backoff) : undefined;
  }

  /** Removes and returns the answer, which was confirmed or refused. */
  settle(place: Place): Kept | undefined {
    const frame = this.get(place);
    if (frame) this.#kept.delete(place.conversation);
    return frame;
  }

  forget(conversation: string): void {
    this.#kept.delete(conversation);
  }

  all(): readonly Kept[] {
    return [...this.#kept.values()].map(({ frame }) => frame);
  }
}
