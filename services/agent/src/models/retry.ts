import { type Backoff, type Dice, fullJitter } from '../link/backoff.ts';
import type { Model, ModelFailure, ModelReply, ModelRequest, RetryReason } from './model.ts';

const backoff: Backoff = { baseMs: 500, capMs: 20_000 };
/** A model that is being loaded is asked for again as long as there is time: only asking shows that it is ready. */
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
 * The one retry layer: makes a failed call again while that can help, there is time, and the grant pays for it. A
 * wait that the deadline does not leave room for is not begun: the failure goes back at once, with what the server said.
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
      // What was shown of a reply that broke cannot be taken back, so the next is not shown before it is said.
      const reply = await model.reply({ ...request, onText: shown ? undefined : onText });
      if (reply.kind === 'text') return reply;
      // Cut short by the deadline: the failure before it says why.
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
