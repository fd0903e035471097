import type { ClientFrame, Usage } from '@parley/protocol';
import type { OnResult } from '../conversations/conversations.ts';
import type { Paid } from '../core/conversation.ts';
import type { Replica } from '../presence/replica.ts';
import type { Router } from '../router.ts';
import type { Answer } from '../turns/bids.ts';

type AnswerFrame = Extract<ClientFrame, { type: 'bid' | 'pass' }>;
type Spending = {
  readonly conversation: string;
  readonly turn?: number | undefined;
  readonly usage?: Usage | undefined;
};

/**
 * The cost of an answer. If the usage names no model, the price is that of the model to which turns of the member are granted.
 * Also the time for which the replica has had the grant, if it still has it.
 */
export const paidBy = (
  replica: Replica,
  { conversation, turn, usage }: Spending,
  { conversations, prices, grants, now }: Router,
): Paid => {
  const { name, model } = replica;
  const grant = turn === undefined ? undefined : grants.at(conversation, turn);
  return {
    usage,
    cost: prices.cost(usage, conversations.get(conversation)?.cast.get(name)?.model ?? model),
    tookMs: grant?.replica === replica ? Math.max(0, Math.round(now() - grant.grantedAt)) : undefined,
  };
};

/** A replica answers its grant with a bid or gives it back. */
export const takeAnswer = (replica: Replica, frame: AnswerFrame, router: Router, done: OnResult): void => {
  const { bids, conversations, grants, answers, scheduler, traces } = router;
  const { conversation, turn } = frame;
  const attempt = answers.match(replica, frame)?.attempt;
  if (attempt !== undefined) traces?.answered(frame, frame.trace);
  const about = { from: replica.name, turn, attempt, ...paidBy(replica, frame, router) };
  const answer: Answer =
    frame.type === 'bid'
      ? { type: 'bid', score: frame.score, ...about }
      : {
          type: 'pass',
          reason: frame.reason,
          detail: frame.detail,
          retryAfterMs: frame.retryAfterMs,
          ...about,
        };
  if (frame.type === 'pass' && frame.reason === 'rate-limited')
    grants.callRateLimited(replica, frame, frame.retryAfterMs);
  if (bids.take(conversation, answer, done)) scheduler.bidHeld(conversation, answer);
  else conversations.submit(conversation, answer, done);
};
