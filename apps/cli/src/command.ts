import type { Interface } from 'node:readline';
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Environment } from '@parley/runtime';
import type { Screen } from './terminal/terminal.ts';

/** The part of the process that a command uses. */
export interface Host {
  readonly env: Environment;
  /** Problems of the environment and of .env. Only `parley doctor` runs in spite of them. */
  readonly problems: readonly string[];
  readonly out: Screen;
  /** For notes, progress and problems. */
  readonly err: Screen;
  /** The input of the user, line by line; on a terminal with a prompt and with editing. */
  lines(): Interface;
  /** Aborted when the user stops the command. */
  readonly stop: AbortSignal;
  /** The exit code of the process. A command that does not call it exits with 0. */
  exitWith(code: number): void;
}

/**
 * Makes one command of `parley`: arguments, options and help texts, from which the help, the shell completions and docs/cli.md
 * are made. Its action throws UsageError or ConfigError at problems that the user can fix.
 */
export type CommandMaker = (host: Host) => CommandUnknownOpts;

/** A command without arguments and options. `about`: what `parley help NAME` says below the usage; default: the summary. */
export const commandNamed = (name: string, summary: string, about?: string): Command =>
  new Command(name).summary(summary).description(about ?? sentence(summary));

const sentence = (summary: string): string => `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`;
