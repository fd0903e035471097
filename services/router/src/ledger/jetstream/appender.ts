import { setTimeout } from 'node:timers/promises';
import type { NatsLink } from './nats-link.ts';
import type { Publication, Published, Publisher } from './publisher.ts';

/** The certain outcome of a commit. `winner`: sequence of the message that took the place of the commit. */
export type Settled =
  | { readonly kind: 'stored'; readonly sequence: number }
  | { readonly kind: 'conflict'; readonly winner: number }
  | { readonly kind: 'refused'; readonly error: Error };

/**
 * A batch costs the server about 15 ms, however many commits it has; a commit alone 0.2 ms, or 1.6 ms on a server that syncs
 * each message. So a few commits are written one by one, and many as a batch.
 */
const fewest = 9;
/** The server takes 1,000 messages in a batch. */
const mostMessages = 900;
const mostBytes = 8 * 1024 * 1024;
/** After a batch was refused as a whole, its commits are written one by one, with at most this number at a time. */
const mostAtOnce = 64;
/** The wait before a commit that the server is still storing is tried again; it grows with each try. */
const againMs = 20;
const longestPauseMs = 1_000;
/** When the outcome of a commit has been unknown for this time, peers are refused with `unavailable`. */
const stuckMs = 2_000;

const bytesOf = ({ parts }: Publication): number => parts.reduce((sum, { body }) => sum + body.length, 0);

const groupsOf = (publications: readonly Publication[]): Publication[][] => {
  const groups: Publication[][] = [];
  let messages = 0;
  let bytes = 0;
  for (const one of publications) {
    const last = groups.at(-1);
    messages += one.parts.length;
    bytes += bytesOf(one);
    if (last && messages <= mostMessages && bytes <= mostBytes) last.push(one);
    else {
      groups.push([one]);
      messages = one.parts.length;
      bytes = bytesOf(one);
    }
  }
  return groups;
};

/**
 * Writes commits until the outcome of each is certain. When an answer is lost, the same commit is sent again with the same id
 * and the same expectation. Either it is stored, once, or the id of the message in its place shows which router wrote that
 * message. Nothing is guessed.
 */
export class Appender {
  readonly #link: NatsLink;
  readonly #publisher: Publisher;
  /** The commits with an unknown outcome, each with the time since when it is unknown. */
  readonly #uncertain = new Map<Publication, number>();

  constructor(link: NatsLink, publisher: Publisher) {
    this.#link = link;
    this.#publisher = publisher;
  }

  /** Whether the outcome of a commit has been unknown for too long. */
  get isStuck(): boolean {
    const [oldest] = this.#uncertain.values();
    return oldest !== undefined && performance.now() - oldest > stuckMs;
  }

  /** Each publication has a different subject. Waits for NATS if it is not reachable while an outcome is unknown. */
  async write(publications: readonly Publication[]): Promise<Settled[]> {
    const settled = new Map<Publication, Settled>();
    if (publications.length < fewest) await this.#eachOf(publications, settled, false);
    else
      for (const group of groupsOf(publications)) {
        const published = await this.#publisher.together(group);
        // One wrong expectation refuses the whole batch.
        const alone = group.filter((one, index) => {
          const result = published[index]!;
          if (result.kind === 'stored') settled.set(one, result);
          return result.kind !== 'stored';
        });
        const isUncertain = published.some(({ kind }) => kind === 'unknown');
        await this.#eachOf(alone, settled, isUncertain);
      }
    return publications.map((one) => settled.get(one)!);
  }

  async #eachOf(
    publications: readonly Publication[],
    settled: Map<Publication, Settled>,
    isUncertain: boolean,
  ): Promise<void> {
    for (let from = 0; from < publications.length; from += mostAtOnce)
      await Promise.all(
        publications
          .slice(from, from + mostAtOnce)
          .map(async (one) => settled.set(one, await this.#settle(one, isUncertain))),
      );
  }

  /** `isUncertain`: an earlier try, in a batch, may have stored it. */
  async #settle(publication: Publication, isUncertain: boolean): Promise<Settled> {
    let tries = isUncertain ? 1 : 0;
    if (isUncertain) this.#uncertain.set(publication, performance.now());
    try {
      for (;;) {
        const published = await this.#publisher.one(publication);
        if (published.kind === 'stored') return published;
        // This try was refused, but an earlier one may have stored the commit.
        if (published.kind === 'refused' && tries === 0) return published;
        const known =
          published.kind === 'unknown' ? undefined : await this.#whatStands(publication, published);
        if (known) return known;
        if (tries++ === 0) this.#uncertain.set(publication, performance.now());
        if (this.#link.isClosed) return { kind: 'refused', error: new Error('the ledger is closed') };
        if (this.#link.isConnected) await setTimeout(Math.min(againMs * tries, longestPauseMs));
        else await this.#link.connected();
      }
    } finally {
      this.#uncertain.delete(publication);
    }
  }

  /** Reads the message that follows the expected one. Undefined when the outcome is not known yet. */
  async #whatStands(
    { subject, expected, id, parts }: Publication,
    published: Published,
  ): Promise<Settled | undefined> {
    try {
      const winner = await this.#publisher.winner(subject, expected);
      if (winner?.id === id) return { kind: 'stored', sequence: winner.sequence + parts.length - 1 };
      if (published.kind !== 'conflict') return undefined;
      if (winner) return { kind: 'conflict', winner: winner.sequence };
      const lost = `the stream has no message ${expected} of ${subject} any more`;
      return published.isSettled ? { kind: 'refused', error: new Error(lost) } : undefined;
    } catch {
      return undefined;
    }
  }
}
