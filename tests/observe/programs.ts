import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where a program is, or undefined on a laptop that does not have it; in CI its absence is a failure. */
export const program = (name: string): string | undefined => {
  for (const directory of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(directory, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not here.
    }
  }
  if (process.env.CI === 'true') throw new Error(`${name} is not installed, and CI must not skip its tests`);
  console.warn(`SKIPPED: ${name} is not installed`);
  return undefined;
};

/** Runs a program to its end. `input` is its standard input. */
export const run = (
  path: string,
  args: readonly string[],
  { cwd, input = '' }: { cwd?: URL; input?: string } = {},
): Promise<{ code: number; output: string }> =>
  new Promise((resolve) => {
    const child = execFile(path, args, { cwd }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code ?? 1) : 0, output: stdout + stderr }),
    );
    child.stdin?.end(input);
  });
