import type { Ending, Entry, EntryOf } from '@parley/protocol';
import { phraseIn } from '@parley/text';
import type { Contribution, Conversation, Paid, Spent } from '../conversation.ts';
import { policies } from '../policies/policies.ts';
import { endAt, isAlike, isGoodbye } from './repetition.ts';

export interface Ended {
  readonly reason: Ending;
  readonly detail?: string;
}

/** The `ended` entry right after `seq`; none without an ending. */
export const endedAfter = (
  seq: number,
  at: number,
  ending: Ended | undefined,
  by?: string,
): EntryOf<'ended'>[] => {
  if (!ending) return [];
  const { reason, detail } = ending;
  return [
    {
      ...{ type: 'ended', seq: seq + 1, at, reason },
      ...(detail !== undefined && { detail: detail.slice(0, 1_000) }),
      ...(by !== undefined && { by }),
    },
  ];
};

/** What follows a contribution at `seq`: its ending, or the pause at the end of a step. */
export const afterContribution = (
  { stepping }: Conversation,
  seq: number,
  at: number,
  ending: Ended | undefined,
  by: string,
): Entry[] => {
  if (ending) return endedAfter(seq, at, ending, by);
  return stepping?.turns === 1 ? [{ type: 'paused', seq: seq + 1, at, by: stepping.by }] : [];
};

/** When the conversation runs out of time, in ms since 1970; undefined without a limit or while paused. */
export const endsAt = (state: Conversation): number | undefined =>
  state.limits.maxDurationMs > 0 && state.status.state === 'running'
    ? state.startedAt + state.pausedMs + state.limits.maxDurationMs
    : undefined;

export const outOfTime = (state: Conversation, now: number): Ended | undefined => {
  const end = endsAt(state);
  if (end === undefined || now < end) return undefined;
  return { reason: 'max-duration', detail: `${state.limits.maxDurationMs / 1000} s` };
};

const stopped = (state: Conversation, { from, text }: Contribution): Ended | undefined => {
  const { stopPhrases, stopSpeakers } = state.limits;
  if (text === undefined || (stopSpeakers && !stopSpeakers.includes(from))) return undefined;
  const phrase = phraseIn(text, stopPhrases);
  return phrase === undefined ? undefined : { reason: 'stop-phrase', detail: phrase };
};

/** A pass ends the conversation when every member has voted or passed. A failure is no consent. */
const agreedByPass = (state: Conversation, { from, failed = false }: Contribution): Ended | undefined => {
  const voted = state.votes.filter((name) => name !== from);
  const passes = [...state.passes.filter(({ member }) => member !== from), { member: from, failed }];
  const silent = new Set([...voted, ...passes.map(({ member }) => member)]);
  if (silent.size < Math.max(2, state.members.length)) return undefined;
  const failures = passes.filter((one) => one.failed).map(({ member }) => member);
  if (failures.length > 0)
    return {
      reason: 'failed',
      detail: `every member passed in a row, because of a failure: ${failures.join(', ')}`,
    };
  const detail = voted.length > 0 ? 'every member voted done or passed' : 'every member passed in a row';
  return { reason: 'agreed', detail };
};

/** A message that only repeats an earlier one does not keep a conversation open that all others voted to end. */
const agreedByRepetition = (state: Conversation, contribution: Contribution): Ended | undefined => {
  const { from } = contribution;
  if (!isAlike(state.limits, contribution) || state.limits.quorum === 0) return undefined;
  return state.members.every((name) => name === from || state.votes.includes(name))
    ? { reason: 'agreed', detail: `all others voted done, and ${from} repeats an earlier message` }
    : undefined;
};

const agreedByVote = (state: Conversation, { from }: Contribution): Ended | undefined => {
  const closer = policies[state.policy].mayClose(state, from);
  if (closer !== undefined) return { reason: 'agreed', detail: `closed by the ${closer}` };
  const quorum = Math.min(state.limits.quorum ?? state.members.length, state.members.length);
  if (quorum === 0) return undefined;
  const votes = new Set([...state.votes, from]);
  if (votes.size >= quorum) return { reason: 'agreed', detail: `${votes.size} voted done in a row` };
  const willing = state.passes.filter(({ failed }) => !failed).map(({ member }) => member);
  return new Set([...votes, ...willing]).size >= state.members.length
    ? { reason: 'agreed', detail: 'every member voted done or passed' }
    : undefined;
};

const agreed = (state: Conversation, contribution: Contribution): Ended | undefined => {
  if (contribution.done) return agreedByVote(state, contribution);
  return contribution.kind === 'passed'
    ? agreedByPass(state, contribution)
    : agreedByRepetition(state, contribution);
};

export const tokensOf = ({ inputTokens, outputTokens }: { inputTokens: number; outputTokens: number }) =>
  inputTokens + outputTokens;

/** Whether a budget is used up with what an answer took. `state` is the conversation before that answer. */
export const overBudget = (
  state: Conversation,
  { from, usage, cost = 0 }: Paid & { readonly from: string },
): Ended | undefined => {
  const { maxTokens, maxTokensPerAgent, maxCost, maxCostPerAgent } = state.limits;
  if (!maxTokens && !maxTokensPerAgent && !maxCost && !maxCostPerAgent) return undefined;
  const tokens = usage ? tokensOf(usage) : 0;
  const own: Spent = state.spentBy.get(from) ?? { inputTokens: 0, outputTokens: 0, cost: 0 };
  const over = (limit: number | undefined, spent: number) =>
    limit !== undefined && limit > 0 && spent >= limit;
  if (over(maxTokens, tokensOf(state.spent) + tokens))
    return { reason: 'token-budget', detail: `${maxTokens} tokens` };
  if (over(maxTokensPerAgent, tokensOf(own) + tokens)) {
    return { reason: 'token-budget', detail: `${maxTokensPerAgent} tokens of ${from}` };
  }
  if (over(maxCost, state.spent.cost + cost)) return { reason: 'cost-budget', detail: `$${maxCost}` };
  if (over(maxCostPerAgent, own.cost + cost))
    return { reason: 'cost-budget', detail: `$${maxCostPerAgent} of ${from}` };
  return undefined;
};

const looping = (state: Conversation, contribution: Contribution): Ended | undefined => {
  const { likeness = 0 } = contribution;
  if (isAlike(state.limits, contribution) && state.repeats + 1 >= endAt) {
    const detail = `${endAt} messages in a row are ${Math.round(likeness * 100)} % alike`;
    return { reason: 'repetition', detail };
  }
  if (isGoodbye(contribution) && state.farewells + 1 >= endAt)
    return { reason: 'farewell-loop', detail: `${endAt} goodbyes in a row` };
  return undefined;
};

/** Whether a contribution ends the conversation, and why. The first reason counts, in the order of PROTOCOL §10. */
export const endingAfter = (
  state: Conversation,
  contribution: Contribution,
  now: number,
): Ended | undefined => {
  const { maxTurns, minTurns = 0 } = state.limits;
  const turns = state.turnsTaken + 1;
  const willing =
    turns < minTurns ? undefined : (stopped(state, contribution) ?? agreed(state, contribution));
  const over = willing ?? overBudget(state, contribution);
  if (over) return over;
  // A limit that is reached is a fact, a loop is a judgement: where both hold, the limit is the reason.
  if (maxTurns > 0 && turns >= maxTurns) return { reason: 'max-turns', detail: String(maxTurns) };
  return looping(state, contribution) ?? outOfTime(state, now);
};
