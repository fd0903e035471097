import type { Entry, EntryOf } from '@parley/protocol';
import { append, type Decision, type Paid, paid } from './command.ts';
import type { Conversation, Turn } from './conversation.ts';
import { type Ended, ended, overBudget } from './endings.ts';
import { highestBidder } from './policies/volunteer.ts';

type FailedBid = 'failed' | 'absent';

/** How a round ends in which nobody wants to speak: agreed, unless somebody could not say whether it wants to. */
const silence = (bids: Conversation['bids']): Ended => {
  const named = (why: FailedBid) => bids.filter(({ failed }) => failed === why).map(({ member }) => member);
  const [failed, away] = [named('failed'), named('absent')];
  if (failed.length > 0) return { reason: 'failed', detail: `no bid came from ${failed.join(', ')}` };
  return away.length > 0
    ? { reason: 'absent', detail: away.join(', ') }
    : { reason: 'agreed', detail: 'nobody wants to speak' };
};

/** The last bid of a round gives the floor to the highest bidder; when nobody wants it, the talk is over. */
export const placeBid = (
  state: Conversation,
  turn: Turn,
  { score, failed, ...cost }: Paid & { score: number; failed?: FailedBid },
  now: number,
  before: readonly Entry[] = [],
): Decision => {
  const from = turn.member;
  const isLast = state.floor.every((one) => one === turn);
  const bids = isLast ? [...state.bids, { member: from, score, ...(failed && { failed }) }] : [];
  const winner = isLast ? highestBidder(state, bids) : undefined;
  const over =
    overBudget(state, { from, ...cost }) ?? (isLast && winner === undefined ? silence(bids) : undefined);
  // While others are still to bid, who they are is not written down again with each bid.
  const floor = over ? [] : winner === undefined ? undefined : [winner];
  const seq = state.seq + before.length + 1;
  const bid: EntryOf<'bid'> = {
    ...{ type: 'bid', seq, at: now, turn: turn.number, from, score },
    ...(failed && { failed }),
    ...paid(cost),
    ...(floor && { floor }),
  };
  return append(...before, bid, ...(over ? [ended(seq, now, over)] : []));
};
