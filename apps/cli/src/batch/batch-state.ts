import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { Ending } from '@parley/protocol';
import { ConfigError } from '@parley/runtime';
import { lockFolder } from './folder-lock.ts';

/** The result of one run of a batch. */
export interface Outcome {
  readonly cell: string;
  readonly conversation: string;
  readonly ending: Ending;
  readonly turns: number;
  readonly tokens: number;
  readonly cost: number;
}

interface Header {
  readonly batch: string;
  readonly key: string;
}

/**
 * The finished runs of a batch, one line each, written to disk before the next run begins. A batch that was killed continues from
 * it; an incomplete last line is dropped. Only one batch at a time may use the folder.
 */
export class BatchState implements Disposable {
  /** Unique to this batch: the idempotency keys of its runs begin with it. */
  readonly key: string;
  /** By which its conversations are found in a ledger. */
  readonly label: string;
  readonly outcomes = new Map<string, Outcome>();
  readonly #file: number;
  readonly #lock: Disposable;

  /** `batch`: the description of the batch. A folder of another batch is refused. `key` is used for a new one. */
  constructor(folder: string, batch: string, key: string) {
    this.label = `batch:${basename(resolve(folder))}`.slice(0, 64);
    mkdirSync(folder, { recursive: true });
    this.#lock = lockFolder(folder);
    const path = join(folder, 'state.jsonl');
    const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    if (whole.length < text.length) truncateSync(path, Buffer.byteLength(whole));
    const [first, ...rest] = whole.split('\n').filter((line) => line !== '');
    const header = first === undefined ? { batch, key } : (JSON.parse(first) as Header);
    if (header.batch !== batch) {
      this.#lock[Symbol.dispose]();
      throw new ConfigError([
        `${folder} holds another batch (another scenario or other options): give another --out`,
      ]);
    }
    this.key = header.key;
    for (const line of rest) {
      const outcome = JSON.parse(line) as Outcome;
      this.outcomes.set(outcome.cell, outcome);
    }
    this.#file = openSync(path, 'a');
    if (first === undefined) this.#write(header);
  }

  ended(outcome: Outcome): void {
    this.outcomes.set(outcome.cell, outcome);
    this.#write(outcome);
  }

  get cost(): number {
    return [...this.outcomes.values()].reduce((sum, { cost }) => sum + cost, 0);
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
    this.#lock[Symbol.dispose]();
  }

  #write(line: Header | Outcome): void {
    writeSync(this.#file, `${JSON.stringify(line)}\n`);
    fsyncSync(this.#file);
  }
}
