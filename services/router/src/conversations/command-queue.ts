import { isSameOpening, type Opening } from '../core/opening.ts';
import type { Faults } from '../faults.ts';
import type { Queued } from './deciding.ts';
import { queueFull } from './outcome.ts';

/** The commands of one round by conversation, in the order in which they came. */
export type CommandRound = ReadonlyMap<string, readonly Queued[]>;

/** The maximum number of commands that wait while a round is written. Further ones are refused immediately. */
const mostWaiting = 20_000;

/** The queue of commands. All commands of one event-loop iteration are one round; one round runs at a time. */
export class CommandQueue {
  readonly #runRound: (round: CommandRound) => Promise<void>;
  readonly #faults: Faults;
  #queue = new Map<string, Queued[]>();
  #waiting = 0;
  #isScheduled = false;
  #idle: (() => void)[] = [];
  /** Whether a round is being decided or written. */
  isRunning = false;

  constructor(run: (round: CommandRound) => Promise<void>, faults: Faults) {
    this.#runRound = run;
    this.#faults = faults;
  }

  add(id: string, queued: Queued): void {
    if (this.isRunning && this.#waiting >= mostWaiting) return queued.done?.(queueFull);
    this.#waiting++;
    const same = this.#queue.get(id);
    if (same) same.push(queued);
    else this.#queue.set(id, [queued]);
    this.#schedule();
    return undefined;
  }

  /** The conversation that a command which waits for the next round opens so. */
  openedSo(opening: Opening): string | undefined {
    for (const [id, [first]] of this.#queue)
      if (first?.command.type === 'open' && isSameOpening(first.command, opening)) return id;
    return undefined;
  }

  /** Resolves when no command waits and no round runs. */
  settled(): Promise<void> {
    if (!this.isRunning && this.#queue.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #schedule(): void {
    if (this.#isScheduled || this.isRunning) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#begin().catch((error: unknown) => this.#faults.caught('decision', 'round', error));
    });
  }

  async #begin(): Promise<void> {
    const round = this.#queue;
    this.#queue = new Map();
    this.#waiting = 0;
    this.isRunning = true;
    try {
      await this.#runRound(round);
    } finally {
      this.isRunning = false;
      if (this.#queue.size > 0) this.#schedule();
      else for (const resolve of this.#idle.splice(0)) resolve();
    }
  }
}
