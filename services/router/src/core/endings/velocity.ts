import type { EntryOf, Limits } from '@parley/protocol';
import type { Conversation, Paid, SpentInSecond } from '../conversation.ts';
import { tokensOf } from './endings.ts';
import { routerName } from './repetition.ts';

const windowMs = 60_000;
const secondMs = 1_000;

/** A limit of 0 is none. */
const watchesVelocity = ({ maxTokensPerMinute = 0, maxCostPerMinute = 0 }: Limits): boolean =>
  maxTokensPerMinute > 0 || maxCostPerMinute > 0;

/**
 * What was spent in the last minute, after one more answer: at most one amount for each second, so that the state stays small
 * however many answers come.
 */
export const withSpending = (
  { limits, velocity = [] }: Pick<Conversation, 'limits' | 'velocity'>,
  { usage, cost = 0, at }: Paid & { readonly at: number },
): Pick<Conversation, 'velocity'> => {
  if (!watchesVelocity(limits)) return {};
  const tokens = usage ? tokensOf(usage) : 0;
  const second = Math.floor(at / secondMs) * secondMs;
  const kept = velocity.filter((one) => one.at > at - windowMs && one.at !== second);
  const same = velocity.find((one) => one.at === second);
  const added: SpentInSecond = {
    at: second,
    tokens: tokens + (same?.tokens ?? 0),
    cost: cost + (same?.cost ?? 0),
  };
  return { velocity: [...kept, added] };
};

const minute = (velocity: readonly SpentInSecond[], now: number) => {
  const spent = { tokens: 0, cost: 0 };
  for (const { at, tokens, cost } of velocity) {
    if (at <= now - windowMs) continue;
    spent.tokens += tokens;
    spent.cost += cost;
  }
  return spent;
};

/**
 * The pause after an answer with which a running conversation has spent more in a minute than its limits allow. `state` is the
 * conversation after that answer. An operator decides whether it goes on.
 */
export const velocityPause = (state: Conversation, now: number): EntryOf<'paused'> | undefined => {
  const { limits, velocity = [], status } = state;
  if (status.state !== 'running' || !watchesVelocity(limits) || velocity.length === 0) return undefined;
  const { maxTokensPerMinute = 0, maxCostPerMinute = 0 } = limits;
  const { tokens, cost } = minute(velocity, now);
  const isFast = (spent: number, limit: number) => limit > 0 && spent > limit;
  const detail = isFast(tokens, maxTokensPerMinute)
    ? `${tokens} tokens in the last minute, the limit is ${maxTokensPerMinute}`
    : isFast(cost, maxCostPerMinute)
      ? `$${cost.toFixed(4)} in the last minute, the limit is $${maxCostPerMinute}`
      : undefined;
  if (detail === undefined) return undefined;
  return { type: 'paused', seq: state.seq + 1, at: now, by: routerName, reason: 'velocity', detail };
};
