import type { Logger } from '@parley/runtime';
import type { Commit } from '../conversations/conversations.ts';
import { moderatorFallback } from '../turns/moderator-fallback.ts';

/** A flood of conversations must not become a flood of lines: so many a second are told one by one, the others counted. */
const toldPerSecond = 100;
const secondMs = 1_000;

/** Whoever is connected, by name. */
export type Names = () => Iterable<string>;

/**
 * The life of conversations and agents in the log of the router, one line each, with ids and never with what was said. Agents
 * are compared at intervals, so that an agent that comes back at once is no line.
 */
export class LifeLog {
  readonly #log: Logger;
  readonly #names: Names;
  readonly #now: () => number;
  #present: ReadonlySet<string> = new Set();
  #since = Number.NEGATIVE_INFINITY;
  #told = 0;
  #untold = 0;

  constructor(log: Logger, names: Names, now: () => number) {
    this.#log = log;
    this.#names = names;
    this.#now = now;
  }

  onCommit({ after, entries }: Commit): void {
    const conversation = after.id;
    for (const entry of entries) {
      if (entry.type === 'opened' || entry.type === 'forked')
        this.#tell({ conversation, members: [...after.members].slice(0, 20) }, `conversation ${entry.type}`);
      else if (entry.type === 'paused' || entry.type === 'resumed')
        this.#tell({ conversation, by: entry.by }, `conversation ${entry.type}`);
      else if (entry.type === 'ended')
        this.#tell({ conversation, reason: entry.reason, turns: after.lines }, 'conversation ended');
      const fallback = moderatorFallback(after, entry);
      if (fallback)
        this.#tell(
          { conversation, ...fallback },
          'the moderator named no member: the member that was silent longest is next',
        );
    }
  }

  /** To be called about once a second. */
  tick(): void {
    const present = new Set(this.#names());
    for (const agent of present) if (!this.#present.has(agent)) this.#tell({ agent }, 'agent registered');
    for (const agent of this.#present) if (!present.has(agent)) this.#tell({ agent }, 'agent left');
    this.#present = present;
    if (this.#untold > 0) this.#log.info({ untold: this.#untold }, 'more happened than is told one by one');
    this.#untold = 0;
  }

  #tell(about: object, message: string): void {
    const now = this.#now();
    if (now - this.#since >= secondMs) {
      this.#since = now;
      this.#told = 0;
    }
    if (this.#told >= toldPerSecond) {
      this.#untold++;
      return;
    }
    this.#told++;
    this.#log.info(about, message);
  }
}

/** The address of the page that opens in a browser: that of `page`, or of this machine where the router listens on all. */
export const pageAddress = (scheme: 'http' | 'https', address: string, page: string | undefined): string =>
  (page || `${scheme}://${address}`).replace(/\/\/(?:0\.0\.0\.0|\[::\])(?=[:/]|$)/, '//127.0.0.1');
