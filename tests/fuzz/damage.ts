import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { verifyLedger } from '@parley/router/ledger/verify';
import type { Random } from './random.ts';

const pageBytes = 4_096;

/** A ledger file, and what was harmed in it. */
export class HarmedLedger {
  readonly path: string;
  /** The damaged texts. Several conversations may have the same text. */
  readonly #texts: string[] = [];
  #pages = 0;

  constructor(path: string) {
    this.path = path;
  }

  get isHarmed(): boolean {
    return this.#pages > 0 || this.#texts.length > 0;
  }

  /** Changes one byte at each place of the file with this text. Returns false when the text is not there. */
  byte(text: string): boolean {
    const bytes = readFileSync(this.path);
    const places: number[] = [];
    for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + 1)) places.push(at);
    this.#write(places, (at) => Buffer.from([(bytes[at] as number) ^ 1]));
    if (places.length > 0) this.#texts.push(String.fromCharCode(text.charCodeAt(0) ^ 1) + text.slice(1));
    return places.length > 0;
  }

  /** Fills a part of some page with noise; never the first, without which it is no ledger at all. */
  page(random: Random): void {
    const pages = Math.floor(readFileSync(this.path).length / pageBytes);
    if (pages < 3) return;
    const noise = Buffer.from(Array.from({ length: 64 }, () => random.below(256)));
    const at = (1 + random.below(pages - 1)) * pageBytes + random.of([0, 0, 512, 4_000]);
    this.#write([at], () => noise);
    this.#pages++;
  }

  /** Findings of `verify` that no damage explains. None can be given for a file with a damaged page. */
  strangeFaults(): string[] {
    if (this.#pages > 0 || !existsSync(this.path)) return [];
    const faults = verifyLedger(this.path).faults;
    const harmed = this.#withForks();
    return faults.filter((fault) => ![...harmed].some((id) => fault.startsWith(`conversation ${id}`)));
  }

  /** A fork of a harmed conversation cannot be replayed either. */
  #withForks(): Set<string> {
    const harmed = new Set<string>();
    const database = new DatabaseSync(this.path, { readOnly: true });
    const find = database.prepare(
      'SELECT c.id FROM entries e JOIN conversations c ON c.key = e.conversation WHERE instr(e.body, ?) > 0',
    );
    for (const text of this.#texts) for (const { id } of find.all(text)) harmed.add(String(id));
    const rows = database.prepare('SELECT id, parent FROM conversations ORDER BY key').all();
    database.close();
    for (const { id, parent } of rows) if (harmed.has(String(parent))) harmed.add(String(id));
    return harmed;
  }

  #write(places: readonly number[], bytes: (at: number) => Buffer): void {
    const file = openSync(this.path, 'r+');
    for (const at of places) {
      const written = bytes(at);
      writeSync(file, written, 0, written.length, at);
    }
    closeSync(file);
  }
}
