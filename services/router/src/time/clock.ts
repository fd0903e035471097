/** The two clocks of the machine. Only `main.ts` reads the real ones. */
export interface Clock {
  /**
   * Ms since 1970 by the clock of the machine, which may be set back or forward at any time. Used for the dates of entries and to
   * check dates, such as the expiry of a JWT.
   */
  wall(): number;
  /** Ms since an arbitrary moment. Never goes back and does not change when the wall clock is set. Used for everything else. */
  monotonic(): number;
}

export const systemClock: Clock = { wall: () => Date.now(), monotonic: () => performance.now() };

/**
 * The steady clock of the router: ms since 1970, read once from the wall clock at the start and then counted by the monotonic
 * clock.
 */
export const steadyTime = ({ wall, monotonic }: Clock): (() => number) => {
  const offset = wall() - monotonic();
  return () => monotonic() + offset;
};
