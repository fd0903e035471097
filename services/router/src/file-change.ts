import { statSync } from 'node:fs';

const pollMs = 1_000;

const signature = (path: string): string => {
  const found = statSync(path, { throwIfNoEntry: false });
  return found ? `${found.ino} ${found.size} ${found.mtimeMs}` : '';
};

/**
 * Calls when one of the files is another than at the time of this call. Looks rather than listens: secrets are often
 * mounted as links that are swapped, of which listeners are not told. Returns the function that stops it.
 */
export const onFileChange = (paths: readonly string[], call: () => void): (() => void) => {
  const look = () => paths.map(signature).join('\n');
  let known = look();
  const timer = setInterval(() => {
    const now = look();
    if (now === known) return;
    known = now;
    call();
  }, pollMs).unref();
  return () => clearInterval(timer);
};
