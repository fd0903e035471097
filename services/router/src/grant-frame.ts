import { type Entry, maxHistoryLength, type RouterFrame } from '@parley/protocol';
import type { Conversation, Turn } from './core/conversation.ts';
import { endsAt } from './core/endings.ts';
import type { Grant } from './grant.ts';

interface Granted {
  readonly state: Conversation;
  readonly turn: Turn;
  readonly grant: Grant;
  /** What the replica has not been sent yet and may hear. */
  readonly entries: readonly Entry[];
  readonly pooled: boolean;
  readonly now: number;
}

/** `opened`, if it is among them, and the newest of the others that fit a frame. */
const newestThatFit = (entries: readonly Entry[]): readonly Entry[] => {
  let room = maxHistoryLength;
  let first = entries.length;
  while (first > 0 && room > 0) {
    const entry = entries[--first] as Entry;
    room -= 200 + ('text' in entry ? entry.text.length : 0);
  }
  const [opened] = entries;
  return first === 0 || opened?.type !== 'opened' ? entries.slice(first) : [opened, ...entries.slice(first)];
};

/** A grant as it is told to the replica (PROTOCOL §5.1). */
export const grantFrame = ({ state, turn, grant, entries, pooled, now }: Granted): RouterFrame => {
  const { maxTurns, maxOutputTokens, maxTokens, maxCost } = state.limits;
  const { inputTokens, outputTokens, cost } = state.spent;
  const end = endsAt(state);
  return {
    type: 'turn',
    conversation: state.id,
    turn: turn.number,
    attempt: grant.attempt,
    ...(turn.wanted === 'bid' && { wanted: turn.wanted }),
    // A pool counts calls, not turns: whoever wants to call again asks for the turn again.
    ...(pooled && { calls: 1 }),
    deadlineMs: Math.max(0, grant.deadline - now),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    remaining: {
      ...(maxTurns > 0 && { turns: Math.max(0, maxTurns - state.lines) }),
      ...(end !== undefined && { ms: Math.max(0, end - now) }),
      ...(maxTokens && { tokens: Math.max(0, maxTokens - inputTokens - outputTokens) }),
      ...(maxCost && { cost: Math.max(0, maxCost - cost) }),
    },
    entries: newestThatFit(entries),
  };
};
