#!/usr/bin/env node
import { constants } from 'node:os';
import { loadSettings, parleyVariables, runMain, wantsColour, withEnvFile } from '@parley/runtime';
import { UsageError } from './arguments.ts';
import type { Command, Host } from './command.ts';
import { acts } from './commands/acts.ts';
import { batch } from './commands/batch.ts';
import { check } from './commands/check.ts';
import { compose } from './commands/compose.ts';
import { demo } from './commands/demo.ts';
import { diff } from './commands/diff.ts';
import { exportCommand } from './commands/export.ts';
import { fork } from './commands/fork.ts';
import { kubernetes } from './commands/kubernetes.ts';
import { ls } from './commands/ls.ts';
import { open } from './commands/open.ts';
import { replay } from './commands/replay.ts';
import { run as runScenario } from './commands/run.ts';
import { runs } from './commands/runs.ts';
import { agent, router } from './commands/service.ts';
import { tail } from './commands/tail.ts';
import { watch } from './commands/watch.ts';
import { installation } from './deployment/installation.ts';
import { help } from './help.ts';
import { guarded, type Screen } from './terminal/terminal.ts';

const commands: ReadonlyMap<string, Command> = new Map(
  Object.entries({
    demo,
    run: runScenario,
    check,
    compose,
    kubernetes,
    batch,
    replay,
    runs,
    open,
    router,
    agent,
    ls,
    tail,
    watch,
    export: exportCommand,
    ...acts,
    fork,
    diff,
  }),
);

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

const run = async (host: Host): Promise<number> => {
  const [name = 'help', ...args] = process.argv.slice(2);
  if (name === '--version' || name === 'version') {
    host.out.write(`${installation.version}\n`);
    return 0;
  }
  const command = commands.get(name);
  if (command && !args.includes('--help') && !args.includes('-h')) return command.run(args, host);
  if (!command && !['help', '--help', '-h'].includes(name)) throw new UsageError(`no command ${name}`);
  host.out.write(help(commands, command ? name : args[0]));
  return 0;
};

const isUsageError = (error: unknown): error is Error =>
  error instanceof UsageError || String((error as { code?: unknown })?.code).startsWith('ERR_PARSE_ARGS');

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
  const env = withEnvFile(process.env);
  loadSettings({}, env, { prefixes: [], neighbours: ['ROUTER_URL', ...parleyVariables] });
  const host: Host = {
    env,
    out: screenOf(process.stdout),
    err: screenOf(process.stderr),
    stop: stop.signal,
  };
  try {
    const code = await run(host);
    process.exitCode = stoppedBy || code;
  } catch (error) {
    if (stop.signal.aborted) {
      process.exitCode = stoppedBy;
    } else if (isUsageError(error)) {
      const [name = ''] = process.argv.slice(2);
      const about = commands.has(name) ? ` ${name}` : '';
      host.err.write(`parley: ${error.message}\nparley: \`parley help${about}\` tells how it is used\n`);
      process.exitCode = 2;
    } else throw error;
  }
});
