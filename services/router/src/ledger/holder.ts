import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { constants } from 'node:os';
import { DatabaseSync } from 'node:sqlite';

/** SQLite's result code for a file that another process has locked. */
const busy = 5;

/** True when another process has the ledger open. A router keeps the lock while it runs, also in another container. */
export const isHeldElsewhere = (path: string): boolean => {
  let probe: DatabaseSync | undefined;
  try {
    probe = new DatabaseSync(path, { readOnly: true });
    probe.prepare('SELECT count(*) FROM sqlite_schema').get();
    return false;
  } catch (error) {
    return ((error as { errcode?: number }).errcode ?? 0) === busy;
  } finally {
    probe?.close();
  }
};

const hasOpen = (pid: string, file: string): boolean => {
  try {
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).some((fd) => {
      try {
        return readlinkSync(`${folder}/${fd}`) === file;
      } catch {
        return false;
      }
    });
  } catch {
    // The process belongs to another user, or has just ended.
    return false;
  }
};

/** An unhandled signal ends a process, so a process without a handler must not be sent SIGUSR2. */
const handlesBackupSignal = (pid: string): boolean => {
  const [, mask = '0'] = /^SigCgt:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return ((BigInt(`0x${mask}`) >> BigInt(constants.signals.SIGUSR2 - 1)) & 1n) === 1n;
};

/**
 * The process id of the router that has the ledger open and copies it on SIGUSR2. It is found only in the same container or on
 * the same machine, and only where this user may read it. Only Linux lists open files in /proc; undefined on other systems.
 */
export const holderOf = (path: string): number | undefined => {
  try {
    const file = realpathSync(path);
    const pid = readdirSync('/proc').find(
      (name) => /^\d+$/.test(name) && Number(name) !== process.pid && hasOpen(name, file),
    );
    return pid === undefined || !handlesBackupSignal(pid) ? undefined : Number(pid);
  } catch {
    return undefined;
  }
};
