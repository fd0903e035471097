import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface Running {
  /** The first line of standard output that starts with `{` and has the awaited `msg`. */
  readonly said: Readonly<Record<string, string>>;
  readonly pid: number;
  /** Ends it with SIGTERM; resolves with everything that it wrote. */
  stop(): Promise<string>;
}

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Starts one of our services as a process of its own and waits until it logs `msg`. */
export const runService = (
  service: 'router' | 'agent',
  env: Readonly<Record<string, string>>,
  msg: string,
): Promise<Running> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [`services/${service}/src/main.ts`], {
      cwd: root,
      env: { PATH: process.env.PATH, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const exited = new Promise<string>((done) => child.once('exit', () => done(output)));
    const stop = () => {
      child.kill('SIGTERM');
      return exited;
    };
    exited.then(() => reject(new Error(`${service} ended before it said "${msg}":\n${output}`)));
    const hear = (data: string) => {
      output += data;
      const line = output.split('\n').find((one) => one.startsWith('{') && one.includes(`"msg":"${msg}"`));
      if (line) resolve({ said: JSON.parse(line), pid: child.pid!, stop });
    };
    child.stdout.setEncoding('utf8').on('data', hear);
    child.stderr.setEncoding('utf8').on('data', hear);
  });

/** Waits until `check` gives something, or fails with what was awaited. */
export const until = async <T>(
  what: string,
  check: () => Promise<T | undefined> | T | undefined,
  withinMs = 20_000,
): Promise<T> => {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const value = await check();
    if (value !== undefined) return value;
    if (Date.now() > deadline) throw new Error(`waited ${withinMs} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};
