import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './parley.ts';
import { StartedProcess } from './started-process.ts';

const interpreter = process.env.PYTHON ?? '/usr/bin/python3';

/** Why Python programs with WebSockets cannot run here; undefined when they can. */
const whyNot = (): string | undefined => {
  const { status, error } = spawnSync(interpreter, ['-c', 'import websockets']);
  if (status === 0) return undefined;
  return `needs ${interpreter} with the package python3-websockets (${error?.message ?? `exit code ${status}`})`;
};

/** True when Python is here. On a machine for tests its absence is a failure, on a laptop it is said aloud. */
export const havePython = (): boolean => {
  const why = whyNot();
  if (why === undefined) return true;
  if (process.env.CI === 'true') throw new Error(why);
  console.warn(`skipped: ${why}`);
  return false;
};

/** Starts a Python program; what it prints is in `stdout`. */
export const startPython = (
  title: string,
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): StartedProcess => {
  const file = join(temporaryFolder(), `${title}.py`);
  writeFileSync(file, program);
  return new StartedProcess(`${title}.py`, interpreter, { args: ['-u', file, ...args], env });
};
