import type { Environment } from '@parley/runtime';
import type { Screen } from './terminal/terminal.ts';

/** The part of the process that a command uses. */
export interface Host {
  readonly env: Environment;
  readonly out: Screen;
  /** For notes, progress and problems. */
  readonly err: Screen;
  /** Aborted when the user stops the command. */
  readonly stop: AbortSignal;
}

export interface Command {
  readonly summary: string;
  /** The usage and the options, as `parley help NAME` shows them. */
  readonly usage: string;
  /** Resolves with the exit code. Throws UsageError or ConfigError for errors that the user can fix. */
  run(args: readonly string[], host: Host): Promise<number>;
}
