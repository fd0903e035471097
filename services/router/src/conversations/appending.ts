import type { Appended, Batch, Ledger } from '../ledger/ledger.ts';
import type { Work } from './deciding.ts';
import type { Running } from './running/running.ts';
import type { Checkpoints } from './stored/checkpoints.ts';

export interface AppendedWork {
  readonly work: Work;
  readonly result: Appended;
}

export interface AppendingOptions {
  readonly ledger: Ledger;
  readonly checkpoints: Checkpoints;
  readonly running: Running;
  /** The steady clock. */
  readonly now: () => number;
  readonly onAppended: (tookMs: number) => void;
  readonly onFailure: (error: unknown) => void;
}

/** The position in the ledger; work that was not appended comes last. */
const placeOf = ({ result }: AppendedWork): number =>
  result.ok ? result.position : Number.POSITIVE_INFINITY;

/** Appends the entries of a round to the ledger. */
export class Appending {
  readonly #options: AppendingOptions;

  constructor(options: AppendingOptions) {
    this.#options = options;
  }

  /**
   * The result of each work, in the order of the ledger. Undefined when the ledger cannot be written: then nothing has changed.
   */
  async append(works: readonly Work[]): Promise<readonly AppendedWork[] | undefined> {
    const { ledger, now, onAppended, onFailure } = this.#options;
    const started = now();
    try {
      const appended = await ledger.append(works.map((work) => this.#batchOf(work)));
      if (works.length > 0) onAppended(now() - started);
      const results = works.map((work, index) => ({ work, result: appended[index] as Appended }));
      // A ledger that stores commits one by one may store the second one first. The sort is stable, and mostly nothing moves.
      return results.sort((one, other) => Math.sign(placeOf(one) - placeOf(other)) || 0);
    } catch (error) {
      onFailure(error);
      return undefined;
    }
  }

  #batchOf({ id, before, entries, state }: Work): Batch {
    const { checkpoints, running } = this.#options;
    const batch = { conversation: id, expectedSeq: before?.seq ?? 0, entries };
    return checkpoints.withEnd(batch, running.get(id)?.hasSkipped ? undefined : state);
  }
}
