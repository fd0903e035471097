import { type ClientFrame, isFailure } from '@parley/protocol';
import { type Backoff, type Dice, fullJitter } from './backoff.ts';

type FrameOf<T extends ClientFrame['type']> = Extract<ClientFrame, { type: T }>;
/** An answer to a grant. */
export type Kept = (FrameOf<'say'> & { readonly turn: number }) | FrameOf<'bid' | 'pass'>;
export interface Place {
  readonly conversation: string;
  readonly turn: number;
}

/** Whether the answer says that the turn failed: the router grants it again. */
export const isFailedTurn = (frame: Kept): boolean => frame.type === 'pass' && isFailure(frame.reason);

interface Waiting {
  readonly frame: Kept;
  refusals: number;
  /** The router did not take it, and it has not been sent again. */
  isRefused: boolean;
}

const backoff: Backoff = { baseMs: 1_000, capMs: 30_000 };

/**
 * Finished answers that the router has not confirmed. They are sent again on the next connection, except failures: the router
 * grants a turn again when the connection ends.
 */
export class Outbox {
  readonly #kept = new Map<string, Waiting>();

  put(frame: Kept): void {
    this.#kept.set(frame.conversation, { frame, refusals: 0, isRefused: false });
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
    if (kept) kept.isRefused = true;
    const refusals = kept ? kept.refusals++ : 0;
    return refusals < most ? fullJitter(refusals, dice, backoff) : undefined;
  }

  isRefused(place: Place): boolean {
    return this.get(place) !== undefined && this.#kept.get(place.conversation)?.isRefused === true;
  }

  sentAgain({ conversation }: Place): void {
    const kept = this.#kept.get(conversation);
    if (kept) kept.isRefused = false;
  }

  /** Removes and returns the answer, which was confirmed or refused. */
  settle(place: Place): Kept | undefined {
    const frame = this.get(place);
    if (frame) this.#kept.delete(place.conversation);
    return frame;
  }

  /** To be called when the connection of the failures has ended. */
  forgetFailures(): void {
    for (const [conversation, { frame }] of this.#kept)
      if (isFailedTurn(frame)) this.#kept.delete(conversation);
  }

  forget(conversation: string): void {
    this.#kept.delete(conversation);
  }

  all(): readonly Kept[] {
    return [...this.#kept.values()].map(({ frame }) => frame);
  }
}
