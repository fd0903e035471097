import type { Cluster, TableEntry } from '../../cluster/cluster.ts';
import { errorReply, type HttpReply } from '../server/replies.ts';

export interface SharedRepliesOptions {
  readonly cluster: Pick<Cluster, 'self' | 'isAlive' | 'table'>;
  readonly later: (ms: number) => Promise<void>;
}

/** A request with an idempotency key, as stored in the shared table. Without a reply it is being answered. */
interface Kept {
  readonly request: string;
  readonly router: string;
  readonly reply?: { readonly status: number; readonly type: string; readonly body: string };
}

/** An action takes far less. After this time a repetition is executed. */
const answeringMs = 30_000;
const rememberedMs = 600_000;
const lookAgainMs = 100;
const looks = 50;

const keptIn = ({ value }: TableEntry): Kept | undefined => {
  const { request, router } = (value ?? {}) as Partial<Kept>;
  return typeof request === 'string' && typeof router === 'string' ? (value as Kept) : undefined;
};

/**
 * The replies to requests with an idempotency key, in a table that all routers share: a repetition is answered like the first
 * request, even by another router. The router that creates the key executes the request. A key is kept for ten minutes.
 */
export class SharedReplies {
  readonly #options: SharedRepliesOptions;
  /** The keys of requests that this router is answering. */
  readonly #answering = new Set<string>();

  constructor(options: SharedRepliesOptions) {
    this.#options = options;
  }

  /**
   * `request`: a digest. The first request with the key is executed. Returns undefined when the key was used for another
   * request.
   */
  async once(key: string, request: string, act: () => Promise<HttpReply>): Promise<HttpReply | undefined> {
    const first: Kept = { request, router: this.#options.cluster.self };
    for (let look = 0; look < looks; look++) {
      const found = await this.#take(key, first).catch(() => 'unknown' as const);
      if (found === 'unknown')
        return errorReply('unavailable', 'the routers cannot agree on this key now: try again');
      if (typeof found === 'number') return this.#act(key, first, found, act);
      if (found.request !== request) return undefined;
      if (found.reply) return found.reply;
      await this.#options.later(lookAgainMs);
    }
    return errorReply('unavailable', 'another router is answering a request with this key: try again');
  }

  /** The revision of the key if this router has created it, otherwise the stored value. */
  async #take(key: string, first: Kept): Promise<number | Kept> {
    const { cluster } = this.#options;
    const table = cluster.table('requests');
    for (let tries = 0; tries < looks; tries++) {
      const revision = await table.create(key, first, answeringMs);
      if (revision !== undefined) return revision;
      const entry = await table.get(key);
      const kept = entry && keptIn(entry);
      if (!entry || !kept) continue;
      const isAnswering =
        kept.router === cluster.self ? this.#answering.has(key) : cluster.isAlive(kept.router);
      if (kept.reply || kept.request !== first.request || isAnswering) return kept;
      // The router that was answering is dead, or this router created the key and the answer was lost.
      await table.delete(key, entry.revision);
    }
    throw new Error('the key changes all the time');
  }

  async #act(key: string, kept: Kept, revision: number, act: () => Promise<HttpReply>): Promise<HttpReply> {
    const table = this.#options.cluster.table('requests');
    this.#answering.add(key);
    try {
      const reply = await act();
      const { status, type, body } = reply;
      // A refused request had no effect: its key may be used again.
      if (status >= 400) await table.delete(key, revision).catch(() => false);
      // The action is done, so its reply does not wait until NATS is reachable again.
      else
        await table
          .update(key, { ...kept, reply: { status, type, body: String(body) } }, revision, rememberedMs)
          .catch(() => undefined);
      return reply;
    } finally {
      this.#answering.delete(key);
    }
  }
}
