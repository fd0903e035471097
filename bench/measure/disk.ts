import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { emptyDirectory } from './built.ts';
import { pause } from './parley.ts';
import { median } from './statistics.ts';

const pages = Buffer.alloc(3 * 4_096, 1);
const repeats = 50;

/**
 * The minimum disk time of one commit of the sqlite ledger, on the file system of the ledgers of a benchmark: three pages are
 * appended to a file and synced. The median in ms of several such writes, with the pauses of a conversation between them.
 */
export const diskSyncMs = async (): Promise<number> => {
  const path = join(emptyDirectory(), 'synced');
  const file = openSync(path, 'w');
  const took: number[] = [];
  for (let i = 0; i < repeats; i++) {
    await pause(4);
    const began = performance.now();
    writeSync(file, pages);
    fdatasyncSync(file);
    took.push(performance.now() - began);
  }
  closeSync(file);
  rmSync(path);
  return median(took);
};
