import type { Ledger } from '../ledger/ledger.ts';

/**
 * Among the marks, which are otherwise by name: everything up to here has been delivered, is too old, or was never
 * for a plain client. What waited when the router stopped is looked for behind it.
 */
const allDone = '';
/** How far that mark, and those of agents, may lag behind before they are written for their own sake. */
const markEvery = 1_000;

/** How far everybody has been delivered to: positions of the ledger, which outlive the router. */
export class DeliveryMarks {
  readonly #ledger: Ledger;
  readonly #onFailure: (error: unknown) => void;
  readonly #written: Map<string, number>;
  readonly #dirty = new Map<string, number>();
  /** Lines that came to agents with their turns; only a router that starts wants to know. */
  #passedBy = new Map<string, number>();
  #passed = 0;

  constructor(ledger: Ledger, onFailure: (error: unknown) => void) {
    this.#ledger = ledger;
    this.#onFailure = onFailure;
    this.#written = ledger.marks();
  }

  /** As far as it is written down. */
  of(name: string): number {
    return this.#written.get(name) ?? 0;
  }

  /** Whether the name was delivered to before, by this router or by one that had the same ledger. */
  has(name: string): boolean {
    return name !== allDone && (this.#dirty.has(name) || this.#written.has(name));
  }

  get done(): number {
    return this.of(allDone);
  }

  /** A message that was sent once more does not take a mark back. */
  set(name: string, position: number): void {
    this.#dirty.set(name, Math.max(position, this.#dirty.get(name) ?? this.of(name)));
  }

  passBy(agent: string, position: number): void {
    this.#passedBy.set(agent, position);
    this.#passed++;
  }

  /** WriteCoalescer them down; later, when the ledger cannot be written now. */
  save(done: number): void {
    if (this.#dirty.size === 0 && this.#passed < markEvery && done < this.done + markEvery) return;
    for (const [agent, position] of this.#passedBy)
      if (position > Math.max(done, this.#dirty.get(agent) ?? 0)) this.#dirty.set(agent, position);
    this.#passedBy = new Map();
    this.#passed = 0;
    this.#dirty.set(allDone, done);
    try {
      this.#ledger.mark(this.#dirty);
      for (const [name, position] of this.#dirty) this.#written.set(name, position);
      this.#dirty.clear();
    } catch (error) {
      this.#onFailure(error);
    }
  }
}
