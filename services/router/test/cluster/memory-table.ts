import type { SharedTable, TableChange, TableEntry } from '../../src/cluster/cluster.ts';

/** A table in memory. Changes are told in a later event-loop iteration. */
export class MemoryTable implements SharedTable {
  /** How often an entry was written. */
  writes = 0;
  /** As told; another one for a table that was lost and made again. */
  madeAs = 'the first';
  /** The engine is away: nothing can be written. */
  isAway = false;
  readonly #entries = new Map<string, TableEntry>();
  readonly #listeners: ((change: TableChange) => void)[] = [];
  #revision = 0;

  incarnation(): Promise<string> {
    return Promise.resolve(this.madeAs);
  }

  get(key: string): Promise<TableEntry | undefined> {
    return Promise.resolve(this.#entries.get(key));
  }

  async create(key: string, value: unknown): Promise<number | undefined> {
    return this.#entries.has(key) ? undefined : this.put(key, value);
  }

  async update(key: string, value: unknown, revision: number): Promise<number | undefined> {
    return this.#entries.get(key)?.revision === revision ? this.put(key, value) : undefined;
  }

  put(key: string, value: unknown): Promise<number> {
    if (this.isAway) return Promise.reject(new Error('the engine is away'));
    this.writes++;
    const entry = { value: structuredClone(value), revision: ++this.#revision };
    this.#entries.set(key, entry);
    this.#tell({ key, entry });
    return Promise.resolve(entry.revision);
  }

  delete(key: string, revision?: number): Promise<boolean> {
    if (revision !== undefined && this.#entries.get(key)?.revision !== revision)
      return Promise.resolve(false);
    this.#entries.delete(key);
    this.#tell({ key, entry: undefined });
    return Promise.resolve(true);
  }

  keys(): string[] {
    return [...this.#entries.keys()];
  }

  watch(listener: (change: TableChange) => void): Promise<void> {
    for (const [key, entry] of this.#entries) listener({ key, entry });
    this.#listeners.push(listener);
    return Promise.resolve();
  }

  #tell(change: TableChange): void {
    setImmediate(() => {
      for (const listener of this.#listeners) listener(change);
    });
  }
}
