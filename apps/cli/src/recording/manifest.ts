import type { Ending } from '@parley/protocol';
import type { Change } from '../scenario/read-scenario.ts';

/** What a recorded run was: enough to run it again, and to say what it was run with. */
export interface Manifest {
  readonly format: 1;
  readonly parley: string;
  readonly node: string;
  readonly scenario: { readonly file: string; readonly sha256: string; readonly changes: readonly Change[] };
  /** The idempotency key that it was opened with; the id of the conversation follows from it. */
  readonly key: string;
  readonly conversation: string;
  readonly seed: number | undefined;
  /** Which models answered, by the name of the member; fingerprints where the server gave any. */
  readonly models: Readonly<
    Record<string, { readonly models: readonly string[]; readonly fingerprints: readonly string[] }>
  >;
  readonly startedAt: string;
  readonly ending: Ending;
  readonly entries: number;
  readonly ledgerSha256: string;
}
