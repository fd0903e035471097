/** The two clocks of the machine. Only `main.ts` reads the real ones. */
export interface Clock {
  /** Ms since 1970, as the machine believes: it may be set back or forward at any time. Dates entries, and checks what carries a date, such as a JWT. */
  wall(): number;
  /** Ms since some moment: never goes back, and jumps with nobody's setting. Measures everything else. */
  monotonic(): number;
}

export const systemClock: Clock = { wall: () => Date.now(), monotonic: () => performance.now() };

/** Ms since 1970 as they were believed when the router started, and counted on from there: the router's measure of time. */
export const steadyTime = ({ wall, monotonic }: Clock): (() => number) => {
  const offset = wall() - monotonic();
  return () => monotonic() + offset;
};
