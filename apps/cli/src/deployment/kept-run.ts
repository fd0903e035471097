import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { ConfigError, defaultRunsFolder, type Environment, userPath } from '@parley/runtime';
import { wholeNumber } from '../arguments.ts';
import type { Change } from '../scenario/read-scenario.ts';

/** The command that started the run, so that `--continue` can repeat it. */
export type RunSource =
  | {
      readonly command: 'run';
      readonly file: string;
      readonly text: string;
      readonly changes: readonly Change[];
    }
  | { readonly command: 'demo'; readonly names: string; readonly topic: string; readonly turns: number };

/** The file beside the ledger of a run. */
export interface RunRecord {
  readonly format: 1;
  readonly title: string;
  readonly startedAt: string;
  readonly source: RunSource;
  readonly conversation?: string;
  /** The process that uses the ledger. */
  readonly pid?: number;
}

const ledgerFile = 'ledger.sqlite';
const recordFile = 'run.json';
const defaultKept = '20';

/** The folder of the ledgers of runs: PARLEY_RUNS, else one below the home directory. */
export const runsFolder = (env: Environment): string =>
  env.PARLEY_RUNS ? userPath(env.PARLEY_RUNS, env) : join(env.HOME || homedir(), defaultRunsFolder);

const isRecord = (value: unknown): value is RunRecord => {
  const { format, title, startedAt, source } = (value ?? {}) as Partial<RunRecord>;
  return (
    format === 1 &&
    typeof title === 'string' &&
    typeof startedAt === 'string' &&
    (source?.command === 'run' || source?.command === 'demo')
  );
};

/** Undefined where the folder holds no run, or its file is damaged. */
const readRecord = (folder: string): RunRecord | undefined => {
  try {
    const record: unknown = JSON.parse(readFileSync(join(folder, recordFile), 'utf8'));
    return isRecord(record) ? record : undefined;
  } catch {
    return undefined;
  }
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

const inUse = ({ pid }: RunRecord): boolean => pid !== undefined && pid !== process.pid && isAlive(pid);

/** The kept runs, newest first. Other files in the folder are ignored and never removed. */
export const keptRuns = (
  env: Environment,
): readonly { readonly name: string; readonly record: RunRecord }[] => {
  const folder = runsFolder(env);
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names
    .flatMap((name) => {
      const record = readRecord(join(folder, name));
      return record ? [{ name, record }] : [];
    })
    .sort((a, b) => b.record.startedAt.localeCompare(a.record.startedAt));
};

/** Whether there is a kept run that `KeptRun.open` finds under this name. */
export const hasKeptRun = (which: string, env: Environment): boolean => {
  const runs = keptRuns(env);
  if (which === 'last') return runs.length > 0;
  if (runs.some(({ name }) => name === which)) return true;
  const path = userPath(which, env);
  return existsSync(path) && readRecord(statSync(path).isFile() ? dirname(path) : path) !== undefined;
};

const slug = (title: string): string =>
  title
    .toLowerCase()
    .normalize('NFKD')
    .replaceAll(/[^\p{L}\p{N}]+/gu, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 40) || 'run';

/** The ledger of one `parley run` or `parley demo`. It remains when the command has ended. */
export class KeptRun implements Disposable {
  readonly name: string;
  readonly ledger: string;
  readonly record: RunRecord;
  readonly #folder: string;

  private constructor(folder: string, record: RunRecord) {
    this.#folder = folder;
    this.name = basename(folder);
    this.ledger = join(folder, ledgerFile);
    this.record = { ...record, pid: process.pid };
    this.#write(this.record);
  }

  /** Creates a run and removes the oldest ones above PARLEY_RUNS_KEEP. Undefined when no runs are kept. */
  static begin(title: string, source: RunSource, env: Environment): KeptRun | undefined {
    const keep = wholeNumber('PARLEY_RUNS_KEEP', env.PARLEY_RUNS_KEEP || defaultKept, 0, 1_000_000);
    if (keep === 0) return undefined;
    const startedAt = new Date().toISOString();
    const all = runsFolder(env);
    const name = `${startedAt.slice(0, 19).replaceAll(':', '-')}-${slug(title)}`;
    let folder = join(all, name);
    try {
      mkdirSync(all, { recursive: true, mode: 0o700 });
      // Two runs that start in the same second get different folders.
      if (existsSync(folder)) folder = mkdtempSync(`${folder}-`);
      else mkdirSync(folder, { mode: 0o700 });
    } catch (error) {
      throw new ConfigError([
        `PARLEY_RUNS: ${all} cannot be written (${(error as Error).message}): name another folder, or set PARLEY_RUNS_KEEP=0 to keep no ledger`,
      ]);
    }
    const run = new KeptRun(folder, { format: 1, title, startedAt, source });
    // This one stays, also when the clock was ahead and others have later dates.
    const others = keptRuns(env).filter(({ name: other }) => other !== run.name);
    for (const { name: old, record } of others.slice(keep - 1))
      if (!inUse(record)) rmSync(join(all, old), { recursive: true, force: true });
    return run;
  }

  /** Finds a kept run by its name, by its folder or ledger file, or by `last`. */
  static open(which: string, env: Environment): KeptRun {
    const runs = keptRuns(env);
    const named = which === 'last' ? runs[0]?.name : runs.find(({ name }) => name === which)?.name;
    const path = named === undefined ? userPath(which, env) : join(runsFolder(env), named);
    const folder = statSync(path, { throwIfNoEntry: false })?.isFile() ? dirname(path) : path;
    const record = readRecord(folder);
    if (!record || !existsSync(join(folder, ledgerFile))) {
      throw new ConfigError([
        which === 'last'
          ? `there is no kept run in ${runsFolder(env)}`
          : `there is no kept run ${which}: \`parley runs\` lists those there are`,
      ]);
    }
    if (inUse(record))
      throw new ConfigError([`the run ${basename(folder)} is in use by process ${record.pid}`]);
    return new KeptRun(folder, record);
  }

  /** Records the id of the conversation of this run. */
  opened(conversation: string): void {
    this.#write({ ...this.record, conversation });
  }

  [Symbol.dispose](): void {
    const { pid: _, ...record } = readRecord(this.#folder) ?? this.record;
    this.#write(record);
  }

  #write(record: RunRecord): void {
    writeFileSync(join(this.#folder, recordFile), `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
  }
}
