import { spawn } from 'node:child_process';
import { statfsSync } from 'node:fs';
import { createServer } from 'node:net';
import { type Environment, inContainer } from '@parley/runtime';

/** The exit code and the output of a program. */
export interface Answer {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What `parley doctor` looks at. Tests plant faults here. */
export interface Surroundings {
  readonly env: Environment;
  /** What is wrong with the environment and with .env themselves. */
  readonly problems: readonly string[];
  /** Where the user stands: the folder of .env and docker-compose.yml. */
  readonly folder: string;
  /** True in a container, where the engine and the ports of the machine cannot be seen. */
  readonly contained: boolean;
  readonly stop: AbortSignal;
  now(): number;
  /** Free bytes for this user in the folder; undefined when that is unknown. */
  freeBytes(folder: string): number | undefined;
  /** Undefined where the program is not installed. */
  run(program: string, args: readonly string[]): Promise<Answer | undefined>;
  /** Whether a program listens on the port of this address. */
  isTaken(host: string, port: number): Promise<boolean>;
}

/** An engine that does not answer must not delay the other checks without end. */
const answersWithinMs = 60_000;

const run = (
  program: string,
  args: readonly string[],
  { env, folder, stop }: Pick<Surroundings, 'env' | 'folder' | 'stop'>,
): Promise<Answer | undefined> =>
  new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: folder,
      env: { ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      signal: AbortSignal.any([stop, AbortSignal.timeout(answersWithinMs)]),
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ENOENT' ? undefined : { code: null, stdout, stderr: stderr || error.message }),
    );
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });

const isTaken = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code === 'EADDRINUSE'));
    probe.listen(port, host, () => probe.close(() => resolve(false)));
  });

const freeBytes = (folder: string): number | undefined => {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return undefined;
  }
};

/** This machine. */
export const machine = (known: Pick<Surroundings, 'env' | 'problems' | 'folder' | 'stop'>): Surroundings => ({
  ...known,
  contained: inContainer(),
  now: Date.now,
  freeBytes,
  run: (program, args) => run(program, args, known),
  isTaken,
});
