import { type Backoff, type Dice, fullJitter } from '../link/backoff.ts';
import type { Model, ModelFailure, ModelReply, ModelRequest, RetryReason } from './model.ts';

const backoff: Backoff = { baseMs: 500, capMs: 20_000 };
/** A call to a model that is being loaded is repeated while there is time, because only a call shows that it is ready. */
const loading: Backoff = { baseMs: 1_000, capMs: 5_000 };
const mostAttempts = 8;

export interface Retrying {
  readonly dice: Dice;
  readonly now: () => number;
  /** Resolves after `ms`, or at once when the signal is aborted. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly onRetry: (reason: RetryReason, waitMs: number, failure: ModelFailure) => void;
}

export const sleepUntilAborted: Retrying['sleep'] = (ms, signal) =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });

/**
 * The only retry layer. It repeats a failed call while a retry can help, there is time, and the grant allows another call. When
 * the required wait would end after the deadline, the failure is returned at once.
 */
export const withRetries = (model: Model, { dice, now, sleep, onRetry }: Retrying): Model => ({
  provider: model.provider,
  name: model.name,
  async reply(request: ModelRequest): Promise<ModelReply> {
    let shown = false;
    const onText = (text: string) => {
      shown = true;
      request.onText?.(text);
    };
    let last: ModelFailure | undefined;
    for (let attempt = 0; ; attempt++) {
      // The streamed part of a broken reply cannot be withdrawn, so the next reply is not streamed.
      const reply = await model.reply({ ...request, onText: shown ? undefined : onText });
      if (reply.kind === 'text') return reply;
      // The deadline ended the wait. The failure before it is the cause.
      if (last && reply.reason === 'timed-out' && !reply.partial) return last;
      if (!reply.retry) return reply;
      const isLoading = reply.retry.reason === 'loading';
      if (!isLoading && attempt + 1 >= mostAttempts) return reply;
      const jitter = fullJitter(attempt, dice, isLoading ? loading : backoff);
      const waitMs = Math.max(reply.retry.afterMs ?? 0, jitter);
      if (now() + waitMs >= request.deadlineAt || !request.takeCall()) return reply;
      onRetry(reply.retry.reason, waitMs, reply);
      last = reply;
      await sleep(waitMs, request.signal);
    }
  },
});
