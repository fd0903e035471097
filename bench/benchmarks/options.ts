import type { Latency } from '../load/latency.ts';

export interface Options {
  /** The number of rounds. Each round measures every system once. */
  rounds: number;
  /** How long a soak lasts. */
  minutes: number;
  /** How long scripted agents take for an answer (`scale`). */
  latency?: Latency;
  /** Only the ledgers (`scale`) or questions (`paired`) whose names have this. */
  only?: string;
  /** The folder of the other checkout, with its packages installed; this one when missing (`paired`). */
  base?: string;
  /** The folder for CPU profiles. Profiling changes the figures, so results/ is not written. */
  profile?: string;
}

/** Writes a line of progress to stderr. */
export const progress = (line: string): void => console.error(line);
