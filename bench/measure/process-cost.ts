import { readdirSync, readFileSync } from 'node:fs';

/**
 * CPU time of a process and all its threads so far, in ms. Linux only: `schedstat` counts nanoseconds, where
 * `stat` counts hundredths of a second. A thread that has ended is no longer counted; Node keeps its threads.
 */
export const cpuMs = (pid: number): number => {
  let nanoseconds = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ', 1)[0]);
  }
  return nanoseconds / 1e6;
};

export interface Memory {
  /** Resident, KiB, pages shared with other processes counted whole. */
  rss: number;
  /** Resident, KiB, a shared page divided among those that share it. */
  pss: number;
}

export const memoryKiB = (pid: number): Memory => {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1]);
  return { rss: field('Rss'), pss: field('Pss') };
};
