import {
  chmodSync,
  chownSync,
  closeSync,
  createReadStream,
  createWriteStream,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ConfigError } from '@parley/runtime';
import { isHeldElsewhere } from '../holder.ts';
import { verifyLedger } from '../verify.ts';

const usage =
  'usage: parley-router restore FILE [LEDGER]; without LEDGER that of ROUTER_LEDGER; FILE may be - for the input';

const sync = (path: string): void => {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
};

/** Gives the copy to the owner of the folder, who runs the router: root may restore for another user. */
const giveToOwner = (path: string): void => {
  const { uid, gid } = statSync(dirname(path));
  chmodSync(path, 0o600);
  if (process.getuid?.() !== 0 || uid === 0) return;
  try {
    chownSync(path, uid, gid);
  } catch (error) {
    throw new ConfigError([
      `${path} cannot be given to user ${uid}: ${(error as Error).message}; run the command as user ${uid}`,
    ]);
  }
};

const noRouter = (ledger: string): void => {
  if (existsSync(ledger) && isHeldElsewhere(ledger))
    throw new ConfigError([`a router has ${ledger} open: stop it first (docker compose stop router)`]);
};

const stamp = (at: Date): string => at.toISOString().replaceAll(/[-:]|\.\d+/g, '');

/** Renames the present ledger and its write-ahead log, so that they are kept. Returns the new name. */
const keepReplaced = (ledger: string, at: Date): string | undefined => {
  if (!existsSync(ledger) && !existsSync(`${ledger}-wal`)) return undefined;
  const kept = `${ledger}.replaced-${stamp(at)}`;
  if (existsSync(ledger)) linkSync(ledger, kept);
  // The log is moved first: otherwise SQLite would replay the old log into the restored file.
  if (existsSync(`${ledger}-wal`)) renameSync(`${ledger}-wal`, `${kept}-wal`);
  rmSync(`${ledger}-shm`, { force: true });
  return kept;
};

/** The file as messages name it. */
const named = (file: string): string => (file === '-' ? 'the input' : file);

/** Verifies the copy. What is thrown names FILE: the copy is removed again. */
const verifyCopy = (copy: string, file: string): ReturnType<typeof verifyLedger> => {
  if (statSync(copy).size === 0)
    throw new ConfigError([`${named(file)} is empty: nothing has been replaced`]);
  try {
    return verifyLedger(copy);
  } catch (error) {
    const problems = error instanceof ConfigError ? error.problems : [(error as Error).message];
    const lines = problems.map((problem) =>
      problem.replace(`ROUTER_LEDGER: ${copy}`, copy).replaceAll(copy, named(file)),
    );
    throw new ConfigError([...lines, `${named(file)} cannot be restored: nothing has been replaced`]);
  }
};

/** Copies FILE to the folder of the ledger and checks the copy, because the folder of FILE may be read-only. */
const checkedCopy = async (file: string, copy: string): Promise<string> => {
  for (const left of [copy, `${copy}-wal`, `${copy}-shm`]) rmSync(left, { force: true });
  const source = file === '-' ? process.stdin : createReadStream(file);
  await pipeline(source, createWriteStream(copy, { mode: 0o600 }));
  if (file !== '-' && existsSync(`${file}-wal`))
    await pipeline(createReadStream(`${file}-wal`), createWriteStream(`${copy}-wal`, { mode: 0o600 }));
  const { conversations, running, entries, faults } = verifyCopy(copy, file);
  if (faults.length > 0)
    throw new ConfigError([
      ...faults,
      `${named(file)} is damaged: nothing has been replaced (${faults.length} faults)`,
    ]);
  rmSync(`${copy}-wal`, { force: true });
  rmSync(`${copy}-shm`, { force: true });
  return `${conversations} conversations (${running} running), ${entries} entries`;
};

const explained = (error: unknown, file: string): unknown => {
  if (error instanceof ConfigError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EACCES')
    return new ConfigError([`${message}: this process is user ${process.getuid?.()} and may not do that`]);
  return new ConfigError([`${named(file)} cannot be restored: ${message}`]);
};

/**
 * `parley-router restore`: checks FILE and replaces the ledger by a copy of it. No router may run. The replaced ledger is kept
 * under another name. If the command is interrupted, either the old ledger or the new one is complete, and the command can be
 * repeated.
 */
export const restore = async (
  args: readonly string[],
  where: string | undefined,
  now = new Date(),
): Promise<string[]> => {
  const [file, ledger = where, ...rest] = args;
  if (file === undefined || ledger === undefined || ledger === 'memory' || rest.length > 0)
    throw new ConfigError([usage]);
  if (file !== '-' && resolve(file) === resolve(ledger))
    throw new ConfigError([`${file} is the ledger itself`]);
  noRouter(ledger);
  const copy = `${ledger}.restoring`;
  try {
    const counts = await checkedCopy(file, copy);
    giveToOwner(copy);
    sync(copy);
    noRouter(ledger);
    const kept = keepReplaced(ledger, now);
    renameSync(copy, ledger);
    sync(dirname(ledger));
    return [
      `${ledger}: restored from ${named(file)}: ${counts}`,
      ...(kept === undefined ? [] : [`what was there is kept as ${kept}`]),
    ];
  } catch (error) {
    throw explained(error, file);
  } finally {
    for (const left of [copy, `${copy}-wal`, `${copy}-shm`]) rmSync(left, { force: true });
  }
};
