import type { Ending } from '@parley/protocol';
import type { Change } from '../scenario/read-scenario.ts';

/** The description of a recorded run: enough to repeat it and to show its settings. */
export interface Manifest {
  readonly format: 1;
  readonly parley: string;
  readonly node: string;
  readonly scenario: { readonly file: string; readonly sha256: string; readonly changes: readonly Change[] };
  /** The idempotency key of the opening. The id of the conversation is derived from it. */
  readonly key: string;
  readonly conversation: string;
  readonly seed: number | undefined;
  /** The models that answered, by member; with fingerprints if the server sent any. */
  readonly models: Readonly<
    Record<string, { readonly models: readonly string[]; readonly fingerprints: readonly string[] }>
  >;
  readonly startedAt: string;
  readonly ending: Ending;
  readonly entries: number;
  readonly ledgerSha256: string;
}
