import { type StatsListener, unwatchFile, watchFile } from 'node:fs';

const pollMs = 1_000;

/**
 * Calls when one of the files has changed. Looks rather than listens: secrets are often mounted as links that are
 * swapped, of which listeners are not told. Returns the function that stops it.
 */
export const onFileChange = (paths: readonly string[], call: () => void): (() => void) => {
  const listener: StatsListener = (now, before) => {
    if (now.mtimeMs !== before.mtimeMs || now.ino !== before.ino || now.size !== before.size) call();
  };
  for (const path of paths) watchFile(path, { interval: pollMs, persistent: false }, listener);
  return () => {
    for (const path of paths) unwatchFile(path, listener);
  };
};
