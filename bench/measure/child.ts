import { type ChildProcess, spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';

export interface Child {
  readonly pid: number;
  send(message: object): void;
  /** The next message of the child, in order. Rejects, with what it printed last, when the child exits first. */
  message<T>(): Promise<T>;
  /** The first line of stdout, from now on, that `matches`. */
  line(matches: (line: string) => boolean): Promise<string>;
  /** Rejects, with what it printed last, when the child exits before it is told to. */
  readonly failed: Promise<never>;
  /** Sends SIGTERM, then SIGKILL after 5 s. Resolves when the process has ended. */
  stop(): Promise<void>;
}

export interface Start {
  /** Arguments of node: options, the script, its arguments. */
  args: readonly string[];
  env?: Record<string, string>;
  /** The core to run on. The kernel chooses when it is missing or when there is only one core. */
  core?: number;
  /** Without a channel for messages, as a service runs in its container. */
  mute?: boolean;
}

interface Waiter {
  resolve(value: never): void;
  reject(error: Error): void;
}

const keptLines = 20;

const alive = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));

export const startChild = ({ args, env, core, mute = false }: Start): Child => {
  const pinned = core !== undefined && availableParallelism() > core;
  const node = [process.execPath, ...args];
  const [program, ...rest] = pinned ? ['taskset', '-c', String(core), ...node] : node;
  const child: ChildProcess = spawn(program!, rest, {
    env: { ...baseEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe', ...(mute ? [] : (['ipc'] as const))],
  });
  alive.add(child);
  child.once('exit', () => alive.delete(child));
  const tail: string[] = [];
  const inbox: unknown[] = [];
  const readers: Waiter[] = [];
  const routerEvents = new Set<Waiter & { matches(line: string): boolean }>();
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));

  child.on('message', (message) => {
    const reader = readers.shift();
    if (reader) reader.resolve(message as never);
    else inbox.push(message);
  });
  for (const stream of [child.stdout!, child.stderr!]) {
    createInterface({ input: stream }).on('line', (line) => {
      tail.push(line);
      if (tail.length > keptLines) tail.shift();
      for (const watcher of routerEvents) {
        if (!watcher.matches(line)) continue;
        routerEvents.delete(watcher);
        watcher.resolve(line as never);
      }
    });
  }
  let toldToStop = false;
  let crash: (error: Error) => void = () => {};
  const failed = new Promise<never>((_, reject) => {
    crash = reject;
  });
  // A caller that does not await this promise gets the failure from the other promises.
  failed.catch(() => {});
  const fail = (why: string) => {
    const error = new Error(`${args.join(' ')}: ${why}\n${tail.join('\n')}`);
    for (const waiter of [...readers.splice(0), ...routerEvents]) waiter.reject(error);
    routerEvents.clear();
    if (!toldToStop) crash(error);
  };
  child.once('error', (error) => fail(error.message));
  child.once('close', (code, signal) => fail(`exited ${signal ?? code}`));

  return {
    pid: child.pid!,
    failed,
    send: (message) => void child.send(message),
    message: () =>
      inbox.length > 0
        ? Promise.resolve(inbox.shift() as never)
        : new Promise((resolve, reject) => readers.push({ resolve, reject })),
    line: (matches) => new Promise((resolve, reject) => routerEvents.add({ matches, resolve, reject })),
    async stop() {
      toldToStop = true;
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      const kill = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await gone;
      clearTimeout(kill);
    },
  };
};

/** The environment of every process of a benchmark, without any setting of Parley. */
const baseEnvironment = (): Record<string, string | undefined> => ({
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  NODE_NO_WARNINGS: '1',
});
