import type { Appended, Batch, Placed } from '../../src/ledger/ledger.ts';

/** One list. What a ledger does, said as plainly as possible. */
export class ModelLedger {
  log: Placed[] = [];
  position = 0;
  readonly marks = new Map<string, number>();

  #own(id: string): Placed[] {
    return this.log.filter(({ conversation }) => conversation === id);
  }

  head(id: string): number {
    return this.#own(id).at(-1)?.entry.seq ?? 0;
  }

  isEnded(id: string): boolean {
    return this.#own(id).at(-1)?.entry.type === 'ended';
  }

  append(batches: readonly Batch[]): Appended[] {
    return batches.map(({ conversation, expectedSeq, entries }) => {
      const seq = this.head(conversation);
      if (seq !== expectedSeq) return { ok: false, seq };
      for (const entry of entries) this.log.push({ position: ++this.position, conversation, entry });
      return { ok: true, position: this.position };
    });
  }

  read(id: string, since: number, limit: number) {
    return this.#own(id)
      .map(({ entry }) => entry)
      .filter(({ seq }) => seq > since)
      .slice(0, limit);
  }

  readAll(since: number, limit: number): Placed[] {
    return this.log.filter(({ position }) => position > since).slice(0, limit);
  }

  remove(id: string): void {
    if (this.isEnded(id)) this.log = this.log.filter(({ conversation }) => conversation !== id);
  }

  #ids(): string[] {
    return [...new Set(this.log.map(({ conversation }) => conversation))];
  }

  unfinished(): string[] {
    return this.#ids().filter((id) => !this.isEnded(id));
  }

  recent(): string[] {
    return this.#ids().reverse();
  }
}
