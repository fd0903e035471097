import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { ConfigError } from '@parley/runtime';
import { UsageError } from './arguments.ts';
import type { CommandMaker, Host } from './command.ts';
import { agents } from './commands/agents.ts';
import { complete } from './commands/complete.ts';
import { completion } from './commands/completion.ts';
import { context } from './commands/context.ts';
import { acts } from './commands/conversation/acts.ts';
import { diff } from './commands/conversation/diff.ts';
import { exportCommand } from './commands/conversation/export.ts';
import { fork } from './commands/conversation/fork.ts';
import { importCommand } from './commands/conversation/import.ts';
import { join } from './commands/conversation/join.ts';
import { ls } from './commands/conversation/ls.ts';
import { open } from './commands/conversation/open.ts';
import { prompt } from './commands/conversation/prompt.ts';
import { share } from './commands/conversation/share.ts';
import { show } from './commands/conversation/show.ts';
import { tail } from './commands/conversation/tail.ts';
import { watch } from './commands/conversation/watch.ts';
import { doctor } from './commands/doctor.ts';
import { batch } from './commands/run/batch.ts';
import { check } from './commands/run/check.ts';
import { compose } from './commands/run/compose.ts';
import { demo } from './commands/run/demo.ts';
import { kubernetes } from './commands/run/kubernetes.ts';
import { replay } from './commands/run/replay.ts';
import { run } from './commands/run/run.ts';
import { runs } from './commands/run/runs.ts';
import { agent, router } from './commands/service.ts';
import { top } from './commands/top.ts';
import { installation } from './deployment/installation.ts';

/** Every command, in the groups in which `parley help` shows them. */
const groups: Readonly<Record<string, readonly CommandMaker[]>> = {
  'Run conversations': [demo, run, batch, replay, check, compose, kubernetes],
  'Look at conversations': [
    ls,
    show,
    tail,
    watch,
    top,
    prompt,
    diff,
    exportCommand,
    importCommand,
    share,
    runs,
    open,
  ],
  'Take part and steer': [join, ...acts, fork],
  'Run the services': [router, agent, agents, doctor, context, completion],
};

/** As wide as a terminal usually is, however wide it is: help is read as a column. */
const helpColumns = 80;

const about = `Conversations between LLM agents, each agent its own process.

The router is the one that --url or --context names; else ROUTER_URL; else the current context; else http://127.0.0.1:8765. Its token is that of the context, else PARLEY_TOKEN or the file PARLEY_TOKEN_FILE. Where several routers work on one ledger, give all their URLs with commas between: one of them is used, and the next one when that fails.`;

const configured = (command: CommandUnknownOpts, parent: CommandUnknownOpts): CommandUnknownOpts => {
  command.copyInheritedSettings(parent);
  for (const inner of command.commands) configured(inner, command);
  return command;
};

/** The whole command line: what is parsed, and what help, completions and docs/cli.md are made from. */
export const programOf = (host: Host): Command => {
  const program = new Command('parley')
    .description(about)
    .version(installation.version, '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .configureHelp({ helpWidth: helpColumns, subcommandTerm: (command) => command.name() })
    .configureOutput({
      writeOut: (text) => host.out.write(text),
      // What is wrong is thrown, and main.ts writes it.
      writeErr: () => {},
    })
    .exitOverride();
  for (const [title, makers] of Object.entries(groups)) {
    program.commandsGroup(`${title}:`);
    for (const make of makers) program.addCommand(configured(make(host), program));
  }
  program.addCommand(configured(complete(host), program), { hidden: true });
  program.helpCommand('help [COMMAND]', 'describe one command');
  program.addHelpText('after', '\n`parley help COMMAND` describes one of them.');
  return program;
};

/** The command that the arguments begin with, as `parley help` takes it: `ls`, `context add`. */
const pathOf = (program: CommandUnknownOpts, args: readonly string[]): string[] => {
  const [name] = args;
  const inner = program.commands.find((one) => one.name() === name);
  return inner ? [inner.name(), ...pathOf(inner, args.slice(1))] : [];
};

/** Parses and runs. Throws UsageError where the command line is wrong. */
export const runProgram = async (args: readonly string[], host: Host): Promise<void> => {
  const program = programOf(host);
  const [name, ...rest] = args;
  if (host.problems.length > 0 && name !== 'doctor') throw new ConfigError(host.problems);
  if (name === undefined || (name === 'help' && rest.length === 0)) {
    program.outputHelp();
    return;
  }
  const described = name === 'help' ? pathOf(program, rest) : [];
  if (described.length < (name === 'help' ? rest.length : 0))
    throw new UsageError(`no command ${rest.join(' ')}`);
  const asked = described.length > 0 ? [...described, '--help'] : name === 'version' ? ['--version'] : args;
  try {
    await program.parseAsync(asked, { from: 'user' });
  } catch (error) {
    const { code, exitCode, message } = error as { code?: unknown; exitCode?: number; message: string };
    if (typeof code !== 'string' || !code.startsWith('commander.')) throw error;
    if (exitCode === 0) return;
    if (code === 'commander.help')
      throw new UsageError(`expected a command after ${pathOf(program, args).join(' ')}`);
    throw new UsageError(message.replace(/^error: /, ''));
  }
};

/** Which command `parley help` describes to a user whose command line was wrong. */
export const helpPath = (args: readonly string[], host: Host): string =>
  ['parley', 'help', ...pathOf(programOf(host), args)].join(' ');
