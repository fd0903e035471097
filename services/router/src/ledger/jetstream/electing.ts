import { setTimeout } from 'node:timers/promises';

/** Codes of the server: no quorum, JetStream is temporarily unavailable, not enough servers yet. */
const codes = new Set([10_005, 10_008, 10_009, 10_023]);

const names = new Set(['JetStreamNotEnabled', 'NotSent', 'AnswerLost']);

/**
 * Whether the error is one of a cluster that has not chosen yet who answers for JetStream, for a stream or for a bucket. Then there is
 * no answer, or one as if JetStream were off: an operator cannot change that.
 */
export const isElecting = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false;
  const { name, cause } = error;
  return (
    names.has(name) ||
    /^(?:Timeout|NoResponders)/.test(name) ||
    codes.has((error as { code?: unknown }).code as number) ||
    isElecting(cause)
  );
};

/**
 * How long a cluster may take until its servers have found each other, and have chosen who answers for JetStream and for each stream
 * and bucket. Routers and servers are often started at the same time, and a bucket that was just made has no leader for a moment.
 */
const electionMs = 60_000;
const retryMs = 250;

/** Does it again while the cluster elects. `mayWait`: whether there is a cluster to wait for. */
export const afterElection = async <T>(act: () => Promise<T>, mayWait: () => boolean): Promise<T> => {
  const until = performance.now() + electionMs;
  for (;;) {
    try {
      return await act();
    } catch (error) {
      if (!isElecting(error) || !mayWait() || performance.now() > until) throw error;
      await setTimeout(retryMs);
    }
  }
};
