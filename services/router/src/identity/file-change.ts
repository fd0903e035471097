import { statSync } from 'node:fs';

const pollMs = 200;

/** `ctimeNs` changes with every write, also where size and `mtime` stay; `nlink` when a file that is mounted alone is replaced outside. */
const signature = (path: string): string => {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found ? [found.ino, found.size, found.mtimeNs, found.ctimeNs, found.nlink === 0n].join(' ') : '';
};

/**
 * Calls when one of the files is another than at the time of this call, and has stayed so from one look to the next: a file
 * that is written anew is empty for a moment, or away. Looks rather than listens: secrets are often mounted as links
 * that are swapped, of which listeners are not told. Returns the function that stops it.
 */
export const onFileChange = (paths: readonly string[], call: () => void): (() => void) => {
  const look = () => paths.map(signature).join('\n');
  let known = look();
  let seen = known;
  const timer = setInterval(() => {
    const now = look();
    const isSettled = now === seen;
    seen = now;
    if (!isSettled || now === known) return;
    known = now;
    call();
  }, pollMs).unref();
  return () => clearInterval(timer);
};
