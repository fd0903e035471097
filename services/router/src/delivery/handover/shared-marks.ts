import type { SharedTable } from '../../cluster/cluster.ts';
import { markDocumentOf, marksIn } from '../../ledger/mark-documents.ts';

export interface SharedMarksOptions {
  /** The documents that the ledgers of all routers write. */
  readonly table: Pick<SharedTable, 'get' | 'watch'>;
  readonly onMoved: (marks: ReadonlyMap<string, number>) => void;
}

/** How far all routers have delivered to plain clients. Written by the ledger; read here. */
export class SharedMarks {
  readonly #options: SharedMarksOptions;

  constructor(options: SharedMarksOptions) {
    this.#options = options;
  }

  /** Resolves when the marks that are written have been told. */
  follow(): Promise<void> {
    const { table, onMoved } = this.#options;
    return table.watch(({ entry }) => {
      if (entry) onMoved(marksIn(entry.value));
    });
  }

  /** Asked of the engine. Rejects when it is away. */
  async latest(name: string): Promise<number> {
    const entry = await this.#options.table.get(markDocumentOf(name));
    return marksIn(entry?.value).get(name) ?? 0;
  }
}
