import { setFlagsFromString } from 'node:v8';

/**
 * V8 sizes its heap for throughput: an agent holds 11 MiB, but the garbage of its turns made the process grow to 240 MiB. An agent
 * waits for its model most of the time, so these flags trade time for memory (ADR 0033 has the measurement).
 */
const flags = [
  // Young objects: 1 MiB before each scavenge, not up to 16 MiB.
  '--max-semi-space-size=1',
  // Old objects: collected after less growth.
  '--optimize-for-size',
  // The optimising compiler keeps tens of MiB while it works.
  '--no-turbofan',
];

/** To be called before the process does any work: the heap grows into its sizes and does not shrink below them. */
export const keepHeapSmall = (): void => {
  for (const flag of flags) setFlagsFromString(flag);
};
