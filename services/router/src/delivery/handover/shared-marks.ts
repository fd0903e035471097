import type { SharedTable } from '../../cluster/cluster.ts';
import { markDocumentOf, marksIn } from '../../ledger/mark-documents.ts';

export interface SharedMarksOptions {
  /** The documents that the ledgers of all routers write. */
  readonly table: Pick<SharedTable, 'get' | 'watch'>;
  readonly onMoved: (marks: ReadonlyMap<string, number>) => void;
}

/**
 * Up to where each plain client has received its messages from any router. The ledger writes these watermarks; this class reads
 * them.
 */
export class SharedMarks {
  readonly #options: SharedMarksOptions;

  constructor(options: SharedMarksOptions) {
    this.#options = options;
  }

  /** Resolves when all existing watermarks have been read. */
  follow(): Promise<void> {
    const { table, onMoved } = this.#options;
    return table.watch(({ entry }) => {
      if (entry) onMoved(marksIn(entry.value));
    });
  }

  /** Reads the watermark from NATS. Rejects when NATS is not reachable. */
  async latest(name: string): Promise<number> {
    const entry = await this.#options.table.get(markDocumentOf(name));
    return marksIn(entry?.value).get(name) ?? 0;
  }
}
