export interface Options {
  /** How often each system is measured; the systems take turns within a round. */
  rounds: number;
  /** How long a soak lasts. */
  minutes: number;
  /** Where CPU profiles of our own processes go. Profiling costs, so nothing is kept in results/. */
  profile?: string;
}

/** A line on stderr, so that the user sees progress. */
export const progress = (line: string): void => console.error(line);
