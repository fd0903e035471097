import { statSync } from 'node:fs';

const pollMs = 200;

/**
 * `ctimeNs` changes with every write, also where size and `mtime` stay; `nlink` when a file that is mounted alone is replaced
 * outside.
 */
const signature = (path: string): string => {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found ? [found.ino, found.size, found.mtimeNs, found.ctimeNs, found.nlink === 0n].join(' ') : '';
};

/**
 * Calls `call` when one of the files differs from its state at the time of this call and was the same in two checks: while a file
 * is rewritten it may be empty or missing. It polls and does not use file system events, because mounted secrets are often links
 * that are swapped, which causes no event. Returns the function that stops it.
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
