import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { within } from './poll.ts';

export const repository = fileURLToPath(new URL('../../', import.meta.url));

export interface LogLine {
  readonly level?: string;
  readonly msg?: string;
  readonly [field: string]: unknown;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const alive = new Set<ChildProcess>();
/** Children that lead a process group: npm and make start processes of their own. */
const leaders = new WeakSet<ChildProcess>();
const killGroup = (child: ChildProcess): void => {
  try {
    if (leaders.has(child) && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The group is gone.
  }
  child.kill('SIGKILL');
};
process.on('exit', () => {
  for (const child of alive) killGroup(child);
});

/** Kills what the tests of this file have started and not ended. For `afterEach`. */
export const killAll = async (): Promise<void> => {
  const gone = [...alive].map((child) => new Promise((resolve) => child.once('close', resolve)));
  for (const child of alive) killGroup(child);
  await Promise.all(gone);
};

export interface StartOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly detached?: boolean;
  /** It reads what the test types; otherwise its input is empty. */
  readonly input?: boolean;
}

/** Only what every process needs: the settings of the developer must not reach the system under test. */
const bareEnvironment = (): Record<string, string | undefined> => {
  const { PATH, HOME, TMPDIR, LANG, NODE_COMPILE_CACHE } = process.env;
  return { PATH, HOME, TMPDIR, LANG, NODE_COMPILE_CACHE, PARLEY_RUNS_KEEP: '0' };
};

/** A process under test, with all that it wrote. */
export class StartedProcess {
  readonly title: string;
  readonly exited: Promise<Exit>;
  stdout = '';
  stderr = '';
  readonly #child: ChildProcess;
  #heard: (() => void)[] = [];
  #exit: Exit | undefined;

  constructor(
    title: string,
    command: string,
    { args = [], env = {}, cwd, detached = false, input = false }: StartOptions,
  ) {
    this.title = title;
    this.#child = spawn(command, args, {
      cwd: cwd ?? repository,
      env: { ...bareEnvironment(), ...env },
      stdio: [input ? 'pipe' : 'ignore', 'pipe', 'pipe'],
      detached,
    });
    alive.add(this.#child);
    if (detached) leaders.add(this.#child);
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
      this.#tell();
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
      this.#tell();
    });
    this.exited = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => {
        alive.delete(this.#child);
        this.#exit = { code, signal };
        this.#tell();
        resolve(this.#exit);
      });
    });
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error(`${this.title} did not start`);
    return this.#child.pid;
  }

  /** Lines of JSON that it has logged so far. */
  get log(): LogLine[] {
    return this.stdout.split('\n').flatMap((line): LogLine[] => {
      try {
        return [JSON.parse(line)];
      } catch {
        return [];
      }
    });
  }

  /** Resolves with what `find` finds in what the process has written; rejects when it exits without that. */
  async when<T>(what: string, find: (self: this) => T | undefined, deadlineMs = 60_000): Promise<T> {
    const search = async (): Promise<T> => {
      for (;;) {
        const found = find(this);
        if (found !== undefined) return found;
        if (this.#exit) throw new Error(`${this.title} exited before: ${what}`);
        await new Promise<void>((resolve) => this.#heard.push(resolve));
      }
    };
    return within(`${this.title}: ${what}`, deadlineMs, search()).catch((error: Error) => {
      throw new Error(
        `${error.message}\nstdout: ${this.stdout.slice(-2_000)}\nstderr: ${this.stderr.slice(-2_000)}`,
      );
    });
  }

  logged(msg: string | RegExp, deadlineMs?: number): Promise<LogLine> {
    const fits = (line: LogLine) => (typeof msg === 'string' ? line.msg === msg : msg.test(line.msg ?? ''));
    return this.when(`a log line ${msg}`, ({ log }) => log.find(fits), deadlineMs);
  }

  /** The exit, or an error when it has not come by then. */
  exit(deadlineMs = 60_000): Promise<Exit> {
    return within(`${this.title} exits`, deadlineMs, this.exited);
  }

  /** Writes to its input. */
  type(text: string): void {
    this.#child.stdin?.write(text);
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<Exit> {
    this.#child.kill(signal);
    return this.exit();
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  #tell(): void {
    for (const heard of this.#heard.splice(0)) heard();
  }
}
