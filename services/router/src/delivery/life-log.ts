import { defined } from '@parley/protocol';
import type { Logger, TraceIds } from '@parley/runtime';
import type { Commit } from '../conversations/conversations.ts';
import { moderatorFallback } from '../turns/moderator-fallback.ts';

/**
 * Events that are logged one by one in one second. Further ones are only counted, so that many short conversations do not flood
 * the log.
 */
const loggedPerSecond = 100;
const secondMs = 1_000;

/** The names that are connected. */
export type Names = () => Iterable<string>;

/**
 * Logs the beginning and the end of conversations and of the presence of agents, one line each, with ids and never with messages.
 * The connected agents are compared at intervals, so an agent that reconnects at once is not logged.
 */
export class LifeLog {
  readonly #log: Logger;
  readonly #names: Names;
  readonly #now: () => number;
  readonly #traceOf: (conversation: string) => TraceIds | undefined;
  #present: ReadonlySet<string> = new Set();
  #since = Number.NEGATIVE_INFINITY;
  #logged = 0;
  #suppressed = 0;

  /** `traceOf`: the ids of the newest turn of a conversation, where it is traced. */
  constructor(
    log: Logger,
    names: Names,
    now: () => number,
    traceOf: (conversation: string) => TraceIds | undefined = () => undefined,
  ) {
    this.#log = log;
    this.#names = names;
    this.#now = now;
    this.#traceOf = traceOf;
  }

  onCommit({ after, entries }: Commit): void {
    for (const entry of entries) {
      if (entry.type === 'opened' || entry.type === 'forked')
        this.#write(
          { ...this.#about(after.id), members: [...after.members].slice(0, 20) },
          `conversation ${entry.type}`,
        );
      else if (entry.type === 'paused')
        this.#write(
          {
            ...this.#about(after.id),
            ...defined({ by: entry.by, reason: entry.reason, detail: entry.detail }),
          },
          'conversation paused',
        );
      else if (entry.type === 'resumed')
        this.#write({ ...this.#about(after.id), by: entry.by }, 'conversation resumed');
      else if (entry.type === 'ended')
        this.#write(
          {
            ...this.#about(after.id),
            reason: entry.reason,
            turns: after.turnsTaken,
            ...defined({ unanswered: entry.unanswered?.slice(0, 20) }),
          },
          'conversation ended',
        );
      const fallback = moderatorFallback(after, entry);
      if (fallback)
        this.#write(
          { ...this.#about(after.id), ...fallback },
          'the moderator named no member: the member that was silent longest is next',
        );
    }
  }

  /** To be called about once a second. */
  tick(): void {
    const present = new Set(this.#names());
    for (const agent of present) if (!this.#present.has(agent)) this.#write({ agent }, 'agent registered');
    for (const agent of this.#present) if (!present.has(agent)) this.#write({ agent }, 'agent left');
    this.#present = present;
    if (this.#suppressed > 0)
      this.#log.info({ suppressed: this.#suppressed }, 'further events were not logged one by one');
    this.#suppressed = 0;
  }

  /** Made only for a line of the log, because nearly all commits are messages. */
  #about(conversation: string): object {
    return { conversation, ...this.#traceOf(conversation) };
  }

  #write(about: object, message: string): void {
    const now = this.#now();
    if (now - this.#since >= secondMs) {
      this.#since = now;
      this.#logged = 0;
    }
    if (this.#logged >= loggedPerSecond) {
      this.#suppressed++;
      return;
    }
    this.#logged++;
    this.#log.info(about, message);
  }
}

/** The address of the page that opens in a browser: that of `page`, or of this machine where the router listens on all. */
export const pageAddress = (scheme: 'http' | 'https', address: string, page: string | undefined): string =>
  (page || `${scheme}://${address}`).replace(/\/\/(?:0\.0\.0\.0|\[::\])(?=[:/]|$)/, '//127.0.0.1');
