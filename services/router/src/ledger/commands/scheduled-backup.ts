import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Logger } from '@parley/runtime';
import type { Ledger } from '../ledger.ts';

/** The longest delay that setTimeout accepts. */
const longestMs = 2 ** 31 - 1;
/** After a failure, for example a full disk. */
const retryMs = 60_000;

const stampOf = (at: number): string => new Date(at).toISOString().replaceAll(/[-:]|\.\d+/g, '');
const pattern = /^ledger-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z\.sqlite$/;

/** When a backup was made, according to its file name; undefined when the file is no backup. */
const madeAt = (name: string): number | undefined => {
  const [, year, month, day, hour, minute, second] = pattern.exec(name) ?? [];
  return year === undefined ? undefined : Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
};

export interface Schedule {
  readonly ledger: Ledger;
  /** The path of the ledger. The backups are written to the folder `backups` beside it. */
  readonly path: string;
  readonly everyMs: number;
  /** How many backups are kept: the newest. */
  readonly keep: number;
  readonly log: Logger;
  now(): number;
  /** Calls `act` once after `ms`. */
  later(act: () => void, ms: number): void;
}

/**
 * Copies the ledger while the router runs, `everyMs` after the newest backup, also across restarts. An old backup is removed
 * only when a new one is complete.
 */
export class ScheduledBackup {
  readonly #schedule: Schedule;
  readonly #folder: string;

  constructor(schedule: Schedule) {
    this.#schedule = schedule;
    this.#folder = join(dirname(schedule.path), 'backups');
  }

  /** Oldest first. A name with a date that is yet to come is of a time when the clock was ahead: it counts as the oldest. */
  #made(): string[] {
    const now = this.#schedule.now();
    const dateOf = (name: string): number => {
      const at = madeAt(name) ?? 0;
      return at > now ? 0 : at;
    };
    return readdirSync(this.#folder)
      .filter((name) => madeAt(name) !== undefined)
      .sort((one, other) => dateOf(one) - dateOf(other) || (one < other ? -1 : 1));
  }

  start(): void {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const { everyMs, now } = this.#schedule;
    const newest = madeAt(this.#made().at(-1) ?? '');
    const waited = newest === undefined ? everyMs : Math.max(0, now() - newest);
    this.#wait(everyMs - waited);
  }

  #wait(ms: number): void {
    const { later } = this.#schedule;
    if (ms > longestMs) later(() => this.#wait(ms - longestMs), longestMs);
    else later(() => void this.#copy(), Math.max(0, ms));
  }

  async #copy(): Promise<void> {
    const { ledger, everyMs, keep, log, now } = this.#schedule;
    const at = now();
    const target = join(this.#folder, `ledger-${stampOf(at)}.sqlite`);
    const position = ledger.position();
    try {
      await ledger.backup(target);
      const others = this.#made().filter((name) => name !== basename(target));
      for (const name of others.slice(0, Math.max(0, others.length + 1 - keep)))
        rmSync(join(this.#folder, name));
      log.info({ target: join(basename(this.#folder), basename(target)), position }, 'ledger backed up');
      this.#wait(everyMs);
    } catch (error) {
      log.error({ err: error, target }, 'the ledger cannot be backed up');
      this.#wait(Math.min(everyMs, retryMs));
    }
  }
}
