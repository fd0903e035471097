import { setTimeout } from 'node:timers/promises';

/** Codes of the server: no quorum, JetStream is temporarily unavailable, not enough servers yet. */
const codes = new Set([10_005, 10_008, 10_009, 10_023]);

/** Another router is creating the stream: its name is taken, and the cluster does not know the stream yet. */
export class BeingCreated extends Error {
  override readonly name = 'BeingCreated';
}

const names = new Set(['JetStreamNotEnabled', 'NotSent', 'AnswerLost', 'BeingCreated']);

/**
 * Whether the error comes from a cluster that has no leader yet, for JetStream, for a stream or for a bucket. Such a cluster
 * does not answer, or answers as if JetStream were off. An operator cannot do anything about it.
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
 * How long a cluster may take to form and to elect the leaders of JetStream, of the stream and of the buckets. Routers and
 * servers are often started at the same time, and a new bucket has no leader for a moment.
 */
const electionMs = 60_000;
const retryMs = 250;

/** Repeats `act` while the cluster elects its leaders. `mayWait`: whether there is a cluster to wait for. */
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
