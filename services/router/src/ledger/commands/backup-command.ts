import { constants, copyFileSync, createReadStream, existsSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout } from 'node:timers/promises';
import { ConfigError } from '@parley/runtime';
import { holderOf, isHeldElsewhere } from '../holder.ts';
import { openSqliteLedger } from '../sqlite.ts';

const usage =
  'usage: parley-router backup [LEDGER] TARGET; without LEDGER that of ROUTER_LEDGER; TARGET may be - for the output';

const pollMs = 50;
/** A router that has not begun its copy after this time will not begin it. */
const beginMs = 30_000;

const changedAt = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** Asks the router that has the ledger open for a copy. Returns the path of the copy; the file belongs to the router. */
const askRouter = async (pid: number, path: string): Promise<string> => {
  const copy = `${path}.backup`;
  const partial = `${copy}.partial`;
  const before = changedAt(copy);
  process.kill(pid, 'SIGUSR2');
  let begun = false;
  for (let waited = 0; ; waited += pollMs) {
    const writing = existsSync(partial);
    if (!writing && changedAt(copy) !== before) return copy;
    if (begun && !writing) throw new ConfigError([`the router could not copy ${path}: its log says why`]);
    if (!isAlive(pid)) throw new ConfigError(['the router ended while it copied its ledger']);
    if (!begun && !writing && waited > beginMs)
      throw new ConfigError([`the router (process ${pid}) made no copy in ${beginMs / 1_000} s`]);
    begun ||= writing;
    await setTimeout(pollMs);
  }
};

const copyOf = async (path: string, target: string): Promise<string> => {
  const pid = holderOf(path);
  if (pid !== undefined) {
    const copy = await askRouter(pid, path);
    copyFileSync(copy, target, constants.COPYFILE_EXCL);
    return `${target}: a copy that the running router made`;
  }
  if (isHeldElsewhere(path))
    throw new ConfigError([
      `${path}: another process has it open; run the command where the router runs and as its user (docker compose exec router …)`,
    ]);
  const ledger = openSqliteLedger(path);
  try {
    await ledger.backup(target);
    return `${target}: every entry up to position ${ledger.position()}`;
  } finally {
    ledger.close();
  }
};

interface Backup {
  readonly line: string;
  /** The ledger was written to the standard output, so the result is printed to the standard error. */
  readonly streamed: boolean;
}

/** `parley-router backup`, whether a router runs or not. */
export const backup = async (args: readonly string[], ledger: string | undefined): Promise<Backup> => {
  const [path, target, ...rest] = args.length === 1 ? [ledger, ...args] : args;
  if (path === undefined || target === undefined || rest.length > 0) throw new ConfigError([usage]);
  if (!existsSync(path)) throw new ConfigError([`there is no ledger ${path}`]);
  const streamed = target === '-';
  const file = streamed ? join(tmpdir(), `parley-backup-${process.pid}.sqlite`) : target;
  if (existsSync(file)) throw new ConfigError([`${file} is there already`]);
  try {
    if (!streamed) return { line: await copyOf(path, file), streamed };
    // The copy can be larger than the /tmp of a container, so it is read at the place where the router wrote it.
    const pid = holderOf(path);
    const source = pid === undefined ? file : await askRouter(pid, path);
    if (pid === undefined) await copyOf(path, file);
    await pipeline(createReadStream(source), process.stdout, { end: false });
    return { line: `the copy of ${path} has been written to the output`, streamed };
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError([`${target} cannot be written: ${(error as Error).message}`]);
  } finally {
    if (streamed) rmSync(file, { force: true });
  }
};
