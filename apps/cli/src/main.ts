#!/usr/bin/env node
import { constants } from 'node:os';
import { createInterface } from 'node:readline';
import {
  ConfigError,
  loadSettings,
  parleyVariables,
  runMain,
  wantsColour,
  withEnvFile,
} from '@parley/runtime';
import { UsageError } from './arguments.ts';
import type { Host } from './command.ts';
import { helpPath, runProgram } from './program.ts';
import { guarded, type Screen } from './terminal/terminal.ts';

const screenOf = (stream: NodeJS.WriteStream): Screen => {
  const terminal = stream.isTTY === true;
  const can = {
    live: terminal && process.env.TERM !== 'dumb',
    colour: wantsColour(process.env, terminal && stream.hasColors()),
  };
  return {
    ...can,
    write: (text) => void stream.write(terminal ? guarded(text, can) : text),
    get columns() {
      return stream.columns ?? 80;
    },
    get rows() {
      return stream.rows ?? 24;
    },
  };
};

/** The environment, completed by .env; and what is wrong with either. */
const readEnvironment = (): Pick<Host, 'env' | 'problems'> => {
  let env: Host['env'] = process.env;
  try {
    env = withEnvFile(process.env);
    loadSettings({}, env, { prefixes: [], neighbours: ['ROUTER_URL', ...parleyVariables] });
    return { env, problems: [] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { env, problems: error.problems };
  }
};

runMain(process, 'parley', async () => {
  const stop = new AbortController();
  let stoppedBy = 0;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      stoppedBy ||= 128 + constants.signals[signal];
      stop.abort();
    });
  }
  // The reader closed the pipe, as `head` does.
  process.stdout.on('error', () => stop.abort());
  const { env, problems } = readEnvironment();
  let exitCode = 0;
  const host: Host = {
    env,
    problems,
    out: screenOf(process.stdout),
    err: screenOf(process.stderr),
    lines: () =>
      createInterface({
        input: process.stdin,
        // Without a terminal there is nothing to edit, and no prompt is wanted in the output.
        ...(process.stdin.isTTY && process.stdout.isTTY && { output: process.stdout, prompt: '> ' }),
      }),
    stop: stop.signal,
    exitWith: (code) => {
      exitCode = code;
    },
  };
  const args = process.argv.slice(2);
  try {
    await runProgram(args, host);
    process.exitCode = stoppedBy || exitCode;
  } catch (error) {
    if (stop.signal.aborted) {
      process.exitCode = stoppedBy;
    } else if (error instanceof UsageError) {
      const hint = `\`${helpPath(args, host)}\` describes its usage`;
      host.err.write(`parley: ${error.message}\nparley: ${hint}\n`);
      process.exitCode = 2;
    } else throw error;
  }
});
