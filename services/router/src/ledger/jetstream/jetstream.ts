import { type Appended, type Batch, checkSequence, type Ledger, type OnForeign } from '../ledger.ts';
import type { Appender, Settled } from './appender.ts';
import { encodeCommit, type OwnCommits, type StoredCommit } from './commit-codec.ts';
import type { NatsLink } from './nats-link.ts';
import type { Projection } from './projection.ts';
import type { Publication } from './publisher.ts';
import type { StreamFollower } from './stream/stream-follower.ts';
import type { StreamMarks } from './stream/stream-marks.ts';
import type { StreamPurger } from './stream/stream-purger.ts';
import type { StreamWatch } from './stream/stream-watch.ts';
import type { StreamAccess } from './stream-access.ts';
import { positionOf, subjectOf } from './subjects.ts';

export interface JetStreamParts {
  readonly stream: string;
  /** Prefix of the ids of all commits of this process. */
  readonly writer: string;
  readonly link: NatsLink;
  readonly projection: Projection;
  readonly follower: StreamFollower;
  /** Resolves when the local copy holds the message with that sequence, unless it was removed from the stream before. */
  readonly taken: (sequence: number) => Promise<void>;
  /** Whether a stream has messages of the conversation. */
  readonly holds: (stream: string, conversation: string) => Promise<boolean>;
  readonly appender: Appender;
  readonly purger: StreamPurger;
  readonly access: StreamAccess;
  readonly watch: StreamWatch;
  readonly marks: StreamMarks;
  /** Listeners for entries that other processes have appended; called when the entries can be read. */
  readonly foreign: Set<OnForeign>;
  readonly own: OwnCommits;
  /** Undefined where this router has the stream alone. */
  readonly caughtUp: (() => Promise<void>) | undefined;
}

/** Reserve for headers, which the server counts as part of a message. */
const headerBytes = 4_096;

/** Sequence of the message that the local copy must hold before the result is returned; 0 when there is none. */
const standsAt = (settled: Settled): number =>
  settled.kind === 'stored' ? settled.sequence : settled.kind === 'conflict' ? settled.winner : 0;

/** A batch without entries gets the position of the batch before it. `last`: the position before all of them. */
const placed = (batches: readonly Batch[], appended: readonly Appended[], last: number): Appended[] => {
  let position = last;
  return appended.map((one, index) => {
    if (!one.ok) return one;
    if (batches[index]?.entries.length) position = one.position;
    return { ok: true, position };
  });
};

/** A commit that is to be written, with the place of its batch in the call. */
interface Pending {
  readonly index: number;
  readonly batch: Batch;
  readonly publication: Publication;
}

/**
 * The ledger in a stream of NATS JetStream. Commits are compared and stored there; they come back through the stream like those
 * of any other router, into the local copy, and only then the append resolves. All reads are of the local copy.
 */
export const jetStreamLedger = (parts: JetStreamParts): Ledger => {
  const { stream, writer, link, projection, follower, taken, appender } = parts;
  const { purger, access, watch, marks, own } = parts;
  const local = projection.ledger;
  const maxBytes = (link.connection.info?.max_payload ?? 1_048_576) - headerBytes;
  let written = 0;

  const publicationOf = ({ conversation, entries }: Batch, expected: number): Publication => ({
    subject: subjectOf(stream, conversation),
    expected,
    id: `${writer}.${++written}`,
    parts: encodeCommit(entries, maxBytes),
  });

  const checkParents = (batches: readonly Batch[]): void => {
    for (const { entries } of batches) {
      const parent = entries[0]?.type === 'forked' ? entries[0].parent.conversation : undefined;
      if (parent !== undefined && local.read(parent, 0, 1).length === 0)
        throw new Error(`${parent} is not there to be forked`);
    }
  };

  /** Positions of the last entries of commits whose messages end at `sequence`. */
  const endOf = ({ publication: { parts: messages } }: Pending, sequence: number): number =>
    positionOf(sequence, (messages.at(-1)?.entries ?? 1) - 1);

  /** Writes the batches that have a turn now: the first open one of each conversation. The others wait for the next wave. */
  const wave = async (batches: readonly Batch[], appended: (Appended | undefined)[]): Promise<void> => {
    const pending: Pending[] = [];
    const busy = new Set<string>();
    for (const [index, batch] of batches.entries()) {
      const { conversation, expectedSeq, entries } = batch;
      if (appended[index] || busy.has(conversation)) continue;
      busy.add(conversation);
      await purger.settled(conversation);
      const { seq, sequence } = projection.tail(conversation);
      if (seq !== expectedSeq) appended[index] = { ok: false, seq };
      else if (entries.length === 0) appended[index] = { ok: true, position: 0 };
      else pending.push({ index, batch, publication: publicationOf(batch, sequence) });
    }
    for (const { batch, publication } of pending)
      if (publication.parts.length === 1) own.set(publication.id, batch.entries);
    const settled = await appender.write(pending.map(({ publication }) => publication));
    await taken(settled.reduce((last, one) => Math.max(last, standsAt(one)), 0));
    for (const [at, one] of pending.entries()) {
      own.delete(one.publication.id);
      const result = settled[at]!;
      const { seq } = projection.tail(one.batch.conversation);
      if (result.kind === 'stored') appended[one.index] = { ok: true, position: endOf(one, result.sequence) };
      else
        appended[one.index] = { ok: false, seq, ...(result.kind === 'refused' && { error: result.error }) };
    }
  };

  const keepCheckpoints = (batches: readonly Batch[], appended: readonly (Appended | undefined)[]): void => {
    const kept = batches.flatMap(({ conversation, checkpoint }, index) =>
      checkpoint && appended[index]?.ok ? [{ ...checkpoint, conversation }] : [],
    );
    if (kept.length > 0) local.keep(kept);
  };

  const trouble = (): string | undefined => {
    if (!link.isConnected) return 'the connection to NATS is lost';
    if (access.trouble !== undefined) return access.trouble;
    const known = follower.trouble ?? watch.trouble;
    if (known !== undefined) return known;
    return appender.isStuck ? 'NATS does not say what became of a commit' : undefined;
  };

  let left: Promise<void> | undefined;
  const leave = (): Promise<void> => {
    left ??= (async () => {
      const isReachable = link.isConnected;
      watch.stop();
      await Promise.all([purger.stop(), marks.stop()]);
      await follower.stop();
      if (isReachable) await access.release();
      await link.close();
    })();
    return left;
  };

  return {
    ...local,
    async append(batches) {
      batches.forEach(checkSequence);
      checkParents(batches);
      if (batches.length === 0) return [];
      const why = trouble();
      if (why !== undefined) throw new Error(why);
      const before = local.position();
      const appended: (Appended | undefined)[] = batches.map(() => undefined);
      while (appended.some((one) => one === undefined)) await wave(batches, appended);
      const results = placed(batches, appended as Appended[], before);
      keepCheckpoints(batches, results);
      const refused = results.filter((one) => !one.ok && one.error !== undefined);
      // When nothing was written, the call fails as a whole, as on the other ledgers.
      if (refused.length === results.length && refused[0]?.ok === false) throw refused[0].error as Error;
      return results;
    },
    remove(conversations, limit, enough) {
      projection.purge(conversations);
      const removed = local.remove(conversations, limit, enough);
      purger.start();
      return removed;
    },
    mark(moved) {
      local.mark(moved);
      marks.put(moved);
    },
    trouble,
    ...(parts.caughtUp && { caughtUp: parts.caughtUp }),
    holds: parts.holds,
    linksIn: projection.linksIn,
    keepLinksIn: projection.keepLinksIn,
    onForeign: (listener) => void parts.foreign.add(listener),
    onLost: (listener) => access.onLost?.(listener),
    leave,
    close() {
      leave().catch(() => {});
      local.close();
    },
  };
};

/** Calls the listeners for those commits of the stream that other processes have written. */
export const tellForeign = (
  commits: readonly StoredCommit[],
  writer: string,
  foreign: ReadonlySet<OnForeign>,
): void => {
  for (const { id, conversation, sequence, entries } of commits) {
    if (id.startsWith(`${writer}.`)) continue;
    const commit = { conversation, entries, position: positionOf(sequence, entries.length - 1) };
    for (const listener of foreign) listener(commit);
  }
};
