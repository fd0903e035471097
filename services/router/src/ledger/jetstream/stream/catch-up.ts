import type { JetStreamManager } from '@nats-io/jetstream';
import { allSubjects } from '../subjects.ts';
import type { StreamFollower } from './stream-follower.ts';

type Streams = { readonly streams: Pick<JetStreamManager['streams'], 'getMessage'> };

/**
 * Sequence of the last message that was not removed; 0 when there is none. The `last_seq` of a stream may be the sequence of a
 * message that was removed, and such a message never arrives.
 */
export const lastKept = async (manager: Streams, stream: string): Promise<number> =>
  (await manager.streams.getMessage(stream, { last_by_subj: allSubjects(stream) }))?.seq ?? 0;

export interface CatchUpOptions {
  readonly manager: Streams;
  readonly stream: string;
  readonly follower: Pick<StreamFollower, 'last' | 'isStopped' | 'takenWithin'>;
}

/** How often the end is looked up again while it does not arrive. */
const lookAgainMs = 2_000;

/**
 * Resolves when all messages up to `end` have been taken, except those that are removed before they are read. Rejects when the
 * follower stops. `end`: what `lastKept` has told.
 */
export const catchUp = async ({ manager, stream, follower }: CatchUpOptions, end: number): Promise<void> => {
  let awaited = end;
  for (;;) {
    await follower.takenWithin(awaited, lookAgainMs);
    if (follower.last >= awaited) return;
    if (follower.isStopped) throw new Error(`the stream ${stream} is not read any more`);
    // The message may have been removed. Without an answer, it is awaited again.
    const kept = await lastKept(manager, stream).catch(() => awaited);
    // Not the later ones: while others write, they have no end.
    awaited = Math.min(awaited, kept);
  }
};
