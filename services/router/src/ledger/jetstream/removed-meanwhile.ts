import type { JetStreamManager } from '@nats-io/jetstream';
import type { Projection } from './projection.ts';
import { subjectOf } from './subjects.ts';

export interface RemovedMeanwhileOptions {
  readonly manager: { readonly streams: Pick<JetStreamManager['streams'], 'info' | 'getMessage'> };
  readonly stream: string;
  readonly projection: Projection;
  /** The last message that was in the copy before the router read what it had missed. */
  readonly before: number;
}

const mostAtOnce = 64;

/**
 * Conversations that run in the copy of a router that was away, and that other routers have ended and removed meanwhile: their messages are
 * not in the stream any more, and with them went the news of their end. They are removed from the copy. Otherwise the router would go on
 * with them, and nothing that it writes to them could be stored.
 */
export const forgetRemovedMeanwhile = async (options: RemovedMeanwhileOptions): Promise<void> => {
  const { manager, stream, projection, before } = options;
  const { state } = await manager.streams.info(stream);
  // Nothing was ever removed.
  if (state.messages === state.last_seq) return;
  const quiet = projection.ledger.unfinished().filter((id) => projection.tail(id).sequence <= before);
  for (let from = 0; from < quiet.length; from += mostAtOnce)
    await Promise.all(
      quiet.slice(from, from + mostAtOnce).map(async (id) => {
        const last = await manager.streams.getMessage(stream, { last_by_subj: subjectOf(stream, id) });
        if (!last) projection.forget(id);
      }),
    );
};
