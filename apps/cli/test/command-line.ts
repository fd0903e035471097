import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { ConfigError, type Environment } from '@parley/runtime';
import { UsageError } from '../src/arguments.ts';
import type { Host } from '../src/command.ts';
import { runProgram } from '../src/program.ts';
import { FakeScreen } from './screens.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A host that remembers what is written to it. */
export const fakeHost = (env: Environment = {}) => {
  const out = new FakeScreen({ live: false, columns: 80 });
  const err = new FakeScreen({ live: false, columns: 80 });
  let code = 0;
  const host: Host = {
    env,
    problems: [],
    out,
    err,
    lines: () => createInterface({ input: new PassThrough() }),
    stop: new AbortController().signal,
    exitWith: (one) => {
      code = one;
    },
  };
  return { host, ran: (): Ran => ({ code, out: out.text, err: err.text }) };
};

/** `parley ARGS…` in this process, with the exit codes of main.ts. */
export const parley = async (args: readonly string[], env: Environment = {}): Promise<Ran> => {
  const { host, ran } = fakeHost(env);
  try {
    await runProgram(args, host);
    return ran();
  } catch (error) {
    if (error instanceof UsageError) return { ...ran(), code: 2, err: error.message };
    if (error instanceof ConfigError) return { ...ran(), code: 1, err: error.message };
    throw error;
  }
};
