/** Waits start at `baseMs` and double with every attempt, up to `capMs`. */
export interface Backoff {
  readonly baseMs: number;
  readonly capMs: number;
}

/** Returns a random number in 0..1, like `Math.random`. Tests use a fixed sequence. */
export type Dice = () => number;

/**
 * Milliseconds to wait before attempt number `attempt` (from 0). Full jitter: a random time between 0 and the doubled wait, so that
 * many agents that failed together do not reconnect together.
 */
export const fullJitter = (attempt: number, dice: Dice, { baseMs, capMs }: Backoff): number =>
  dice() * Math.min(capMs, baseMs * 2 ** attempt);
