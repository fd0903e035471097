import type { Environment } from '@parley/runtime';
import type { Screen } from './terminal/terminal.ts';

/** What a command has of the process it runs in. */
export interface Host {
  readonly env: Environment;
  readonly out: Screen;
  /** For what is not the answer: notes, progress, problems. */
  readonly err: Screen;
  /** Aborted when the user wants to stop. */
  readonly stop: AbortSignal;
}

export interface Command {
  readonly summary: string;
  /** How it is called and what its options do; shown by `parley help NAME`. */
  readonly usage: string;
  /** Resolves with the exit code. Throws UsageError or ConfigError at what the user can mend. */
  run(args: readonly string[], host: Host): Promise<number>;
}
