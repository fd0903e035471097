import { setTimeout } from 'node:timers/promises';
import type { JetStreamManager } from '@nats-io/jetstream';
import type { NatsLink } from '../nats-link.ts';
import type { Projection, Purge } from '../projection.ts';
import { subjectOf } from '../subjects.ts';

export interface PurgerOptions {
  readonly link: NatsLink;
  readonly manager: JetStreamManager;
  readonly stream: string;
  readonly projection: Projection;
  readonly onFailure: (error: unknown) => void;
}

const againMs = 1_000;

/**
 * Removes conversations from the stream that were removed from the local copy, one after the other. Retries until each is
 * removed.
 */
export class StreamPurger {
  readonly #options: PurgerOptions;
  readonly #due = new Map<string, Purge>();
  readonly #waiters = new Map<string, (() => void)[]>();
  #running: Promise<void> | undefined;
  #isStopped = false;

  constructor(options: PurgerOptions) {
    this.#options = options;
  }

  /** Continues with the removals that the local copy has stored. */
  start(): void {
    const { projection } = this.#options;
    for (const purge of projection.purges()) {
      const { conversation } = purge;
      // The removal from the local copy is not complete, or the conversation may not be removed.
      if (projection.tail(conversation).seq > 0) {
        if (projection.ledger.read(conversation, 0, 1).length > 0) projection.purged(conversation);
      } else this.#due.set(conversation, purge);
    }
    if (this.#due.size === 0 || this.#isStopped) return;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** Resolves when no messages of the conversation are waiting to be removed. */
  settled(conversation: string): Promise<void> {
    if (!this.#due.has(conversation)) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiters.set(conversation, [...(this.#waiters.get(conversation) ?? []), resolve]);
    });
  }

  /** Removals that are left over are stored in the local copy. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    const { projection } = this.#options;
    for (const [conversation, purge] of this.#due) {
      while (!(await this.#isRemoved(purge))) {
        if (this.#isStopped) return;
        await setTimeout(againMs, undefined, { ref: false });
      }
      projection.purged(conversation);
      this.#due.delete(conversation);
      for (const resolve of this.#waiters.get(conversation) ?? []) resolve();
      this.#waiters.delete(conversation);
      if (this.#isStopped) return;
    }
  }

  async #isRemoved({ conversation, through }: Purge): Promise<boolean> {
    const { link, manager, stream, onFailure } = this.#options;
    if (!link.isConnected) return false;
    try {
      await manager.streams.purge(stream, { filter: subjectOf(stream, conversation), seq: through + 1 });
      return true;
    } catch (error) {
      if (link.isConnected) onFailure(error);
      return false;
    }
  }
}
