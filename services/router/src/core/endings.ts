import type { Ending, EntryOf } from '@parley/protocol';
import { phraseIn } from '@parley/text';
import type { Paid } from './command.ts';
import type { Conversation, Spent } from './conversation.ts';
import { endAt, isAlike, isGoodbye } from './repetition.ts';

export interface Ended {
  readonly reason: Ending;
  readonly detail?: string;
}

/** An `ended` entry right behind `seq`. */
export const ended = (seq: number, at: number, { reason, detail }: Ended, by?: string): EntryOf<'ended'> => ({
  type: 'ended',
  seq: seq + 1,
  at,
  reason,
  ...(detail !== undefined && { detail: detail.slice(0, 1_000) }),
  ...(by !== undefined && { by }),
});

/** A line that is about to be appended. */
export interface NextLine extends Paid {
  readonly from: string;
  /** Missing when the turn was passed. */
  readonly text?: string | undefined;
  readonly done?: boolean | undefined;
  /** It was passed because its member failed. */
  readonly failed?: boolean | undefined;
  readonly likeness?: number | undefined;
  readonly farewell?: boolean | undefined;
}

/** When the conversation runs out of time, in ms since 1970; `undefined` without a limit or while paused. */
export const endsAt = (state: Conversation): number | undefined =>
  state.limits.maxDurationMs > 0 && state.status.state === 'running'
    ? state.startedAt + state.pausedMs + state.limits.maxDurationMs
    : undefined;

export const outOfTime = (state: Conversation, now: number): Ended | undefined => {
  const end = endsAt(state);
  if (end === undefined || now < end) return undefined;
  return { reason: 'max-duration', detail: `${state.limits.maxDurationMs / 1000} s` };
};

const stopped = (state: Conversation, { from, text }: NextLine): Ended | undefined => {
  const { stopPhrases, stopSpeakers } = state.limits;
  if (text === undefined || (stopSpeakers && !stopSpeakers.includes(from))) return undefined;
  const phrase = phraseIn(text, stopPhrases);
  return phrase === undefined ? undefined : { reason: 'stop-phrase', detail: phrase };
};

const agreed = (state: Conversation, line: NextLine): Ended | undefined => {
  if (line.text === undefined && !line.done) {
    const voted = state.votes.filter((name) => name !== line.from);
    const passes = [
      ...state.passes.filter(({ member }) => member !== line.from),
      { member: line.from, failed: line.failed === true },
    ];
    const silent = new Set([...voted, ...passes.map(({ member }) => member)]);
    if (silent.size < Math.max(2, state.members.length)) return undefined;
    const failed = passes.filter((one) => one.failed).map(({ member }) => member);
    // A failure is no consent.
    return failed.length === 0
      ? {
          reason: 'agreed',
          detail: voted.length > 0 ? 'every member voted done or passed' : 'every member passed in a row',
        }
      : {
          reason: 'failed',
          detail: `every member passed in a row, because of a failure: ${failed.join(', ')}`,
        };
  }
  if (!line.done) {
    const others = state.members.filter((name) => name !== line.from);
    const onlyRepeats = isAlike(state.limits, line) && state.limits.quorum !== 0;
    return onlyRepeats && others.every((name) => state.votes.includes(name))
      ? { reason: 'agreed', detail: `all others voted done, and ${line.from} repeats an earlier message` }
      : undefined;
  }
  if (state.policy === 'moderator' && line.from === (state.moderator ?? state.by)) {
    return { reason: 'agreed', detail: 'closed by the moderator' };
  }
  const quorum = Math.min(state.limits.quorum ?? state.members.length, state.members.length);
  const votes = new Set([...state.votes, line.from]);
  if (quorum > 0 && votes.size >= quorum)
    return { reason: 'agreed', detail: `${votes.size} voted done in a row` };
  const willing = state.passes.filter(({ failed }) => !failed).map(({ member }) => member);
  const all = quorum > 0 && new Set([...votes, ...willing]).size >= state.members.length;
  return all ? { reason: 'agreed', detail: 'every member voted done or passed' } : undefined;
};

export const tokensOf = ({ inputTokens, outputTokens }: { inputTokens: number; outputTokens: number }) =>
  inputTokens + outputTokens;

/** Whether what an answer cost reaches a limit. `state` is the conversation before that answer. */
export const overBudget = (
  state: Conversation,
  { from, usage, cost = 0 }: Paid & { readonly from: string },
): Ended | undefined => {
  const { maxTokens, maxTokensPerAgent, maxCost, maxCostPerAgent } = state.limits;
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

const looping = (state: Conversation, line: NextLine): Ended | undefined => {
  const { likeness = 0 } = line;
  if (isAlike(state.limits, line) && state.repeats + 1 >= endAt) {
    return {
      reason: 'repetition',
      detail: `${endAt} lines in a row are ${Math.round(likeness * 100)} % alike`,
    };
  }
  if (isGoodbye(line) && state.farewells + 1 >= endAt)
    return { reason: 'farewell-loop', detail: `${endAt} goodbyes in a row` };
  return undefined;
};

/** Whether one more line, said or passed, is the last one. `state` is the conversation before that line. */
export const endingAfter = (state: Conversation, line: NextLine, now: number): Ended | undefined => {
  const { maxTurns, minTurns = 0 } = state.limits;
  const early = state.lines + 1 < minTurns;
  const willing = early ? undefined : (stopped(state, line) ?? agreed(state, line));
  if (willing) return willing;
  const budget = overBudget(state, line);
  if (budget) return budget;
  // A limit that is reached is a fact, a loop is a judgement: where both hold, the fact is the reason.
  if (maxTurns > 0 && state.lines + 1 >= maxTurns) return { reason: 'max-turns', detail: String(maxTurns) };
  const loop = looping(state, line);
  if (loop) return loop;
  return outOfTime(state, now);
};
