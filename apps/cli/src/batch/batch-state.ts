import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { type Ending, endings } from '@parley/protocol';
import { ConfigError } from '@parley/runtime';
import { writing } from '../writable.ts';
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

const isHeader = (value: unknown): value is Header => {
  const { batch, key } = (value ?? {}) as Partial<Header>;
  return typeof batch === 'string' && typeof key === 'string';
};

const isOutcome = (value: unknown): value is Outcome => {
  const { cell, conversation, ending, turns, tokens, cost } = (value ?? {}) as Partial<Outcome>;
  return (
    typeof cell === 'string' &&
    typeof conversation === 'string' &&
    endings.some((one) => one === ending) &&
    [turns, tokens, cost].every(Number.isFinite)
  );
};

interface Lines {
  readonly path: string;
  readonly lines: readonly string[];
}

/** The line with the index `index`. A line that was written whole and is something else now ends the command, and says where. */
const read = <T>({ path, lines }: Lines, index: number, isIt: (value: unknown) => value is T): T => {
  try {
    const value: unknown = JSON.parse(lines[index] ?? '');
    if (isIt(value)) return value;
  } catch {
    // Said below.
  }
  throw new ConfigError([
    `${path}:${index + 1} is damaged: remove the line, and its run is done again; or give another --out`,
  ]);
};

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
    writing(folder, () => {
      mkdirSync(folder, { recursive: true });
      accessSync(folder, constants.W_OK);
    });
    this.#lock = lockFolder(folder);
    try {
      const path = join(folder, 'state.jsonl');
      const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
      const whole = text.slice(0, text.lastIndexOf('\n') + 1);
      if (whole.length < text.length) truncateSync(path, Buffer.byteLength(whole));
      const lines = { path, lines: whole.split('\n').slice(0, -1) };
      const isNew = lines.lines.length === 0;
      const header = isNew ? { batch, key } : read(lines, 0, isHeader);
      if (header.batch !== batch)
        throw new ConfigError([
          `${folder} holds another batch (another scenario or other options): give another --out`,
        ]);
      this.key = header.key;
      for (let index = 1; index < lines.lines.length; index++) {
        const outcome = read(lines, index, isOutcome);
        this.outcomes.set(outcome.cell, outcome);
      }
      this.#file = writing(path, () => openSync(path, 'a'));
      if (isNew) this.#write(header);
    } catch (error) {
      this.#lock[Symbol.dispose]();
      throw error;
    }
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
