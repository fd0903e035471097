/** How long waits grow: doubled from `baseMs` with every attempt, never above `capMs`. */
export interface Backoff {
  readonly baseMs: number;
  readonly capMs: number;
}

/** A number in 0..1, as `Math.random` gives it; tests hand in their own. */
export type Dice = () => number;

/**
 * Milliseconds to wait before attempt number `attempt` (from 0). Full jitter: anywhere between nothing and the
 * grown wait, so that many who failed together do not come back together.
 */
export const fullJitter = (attempt: number, dice: Dice, { baseMs, capMs }: Backoff): number =>
  dice() * Math.min(capMs, baseMs * 2 ** attempt);
