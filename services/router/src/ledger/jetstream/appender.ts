import { setTimeout } from 'node:timers/promises';
import type { NatsLink } from './nats-link.ts';
import type { Publication, Published, Publisher } from './publisher.ts';

/** What became of a commit for certain. `winner`: sequence of the message that stands where the commit was to stand. */
export type Settled =
  | { readonly kind: 'stored'; readonly sequence: number }
  | { readonly kind: 'conflict'; readonly winner: number }
  | { readonly kind: 'refused'; readonly error: Error };

/**
 * A batch costs the server about 15 ms, however many commits it has; a commit alone 0.2 ms, or 1.6 ms on a server that syncs
 * each message. So few go one by one, and many together.
 */
const fewest = 9;
/** The server takes 1,000 messages in a batch. */
const mostMessages = 900;
const mostBytes = 8 * 1024 * 1024;
/** Commits of a batch that was refused as a whole are written again one by one, so many at a time. */
const mostAtOnce = 64;
/** Between two tries at what the server is still storing; it grows with each try. */
const againMs = 20;
const longestPauseMs = 1_000;
/** So long it may be unknown what became of a commit before peers are told that nothing can be written. */
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
 * Writes commits until it is certain what became of each. Where an answer is lost, the same commit with the same id and the
 * same expectation is sent again: it is stored once, or the message that stands in its place says by its id whose it is.
 * Nothing is guessed.
 */
export class Appender {
  readonly #link: NatsLink;
  readonly #publisher: Publisher;
  /** When it was first not known what became of a commit, for each of which it is still not known. */
  readonly #uncertain = new Map<Publication, number>();

  constructor(link: NatsLink, publisher: Publisher) {
    this.#link = link;
    this.#publisher = publisher;
  }

  /** Whether it has not been known for a while what became of a commit. */
  get isStuck(): boolean {
    const [oldest] = this.#uncertain.values();
    return oldest !== undefined && performance.now() - oldest > stuckMs;
  }

  /** Each publication is of another subject. Waits for the engine when an outcome is unknown while it is away. */
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
        // What is refused now may have been stored by an earlier try.
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

  /** Looks at the place in the stream where the commit was to stand. Undefined when it cannot be told yet. */
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
