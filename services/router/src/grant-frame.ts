import { type Entry, maxHistoryLength, type RouterFrame } from '@parley/protocol';
import type { Conversation, Turn } from './core/conversation.ts';
import { endsAt } from './core/endings.ts';
import { heardBy } from './core/hearing.ts';
import type { Grant } from './grant.ts';

interface Granted {
  readonly state: Conversation;
  readonly turn: Turn;
  readonly grant: Grant;
  /** What the replica has not been sent yet. */
  readonly entries: readonly Entry[];
  readonly now: number;
}

/** Without these a replica would not know who it is or what the conversation is about. */
const lasting: readonly Entry['type'][] = ['opened', 'forked', 'joined', 'left', 'recast'];

/** These, and the newest of the others that fit a frame. */
const newestThatFit = (entries: readonly Entry[]): readonly Entry[] => {
  let room = maxHistoryLength;
  const fitting = entries.toReversed().filter((entry) => {
    if (lasting.includes(entry.type)) return true;
    if (room <= 0) return false;
    room -= 200 + ('text' in entry ? entry.text.length : 0);
    return true;
  });
  return fitting.reverse();
};

/** A grant as it is told to the replica (PROTOCOL §5.1). */
export const grantFrame = ({ state, turn, grant, entries, now }: Granted): RouterFrame => {
  const { maxTurns, maxOutputTokens, maxTokens, maxCost } = state.limits;
  const { inputTokens, outputTokens, cost } = state.spent;
  const end = endsAt(state);
  const heard = entries
    .map((entry) => heardBy(state, turn.member, entry))
    .filter((entry) => entry !== undefined);
  return {
    type: 'turn',
    conversation: state.id,
    turn: turn.number,
    attempt: grant.attempt,
    ...(turn.wanted === 'bid' && { wanted: turn.wanted }),
    // A pool counts calls, not turns: whoever wants to call again asks for the turn again.
    ...(grant.lease && { calls: 1 }),
    deadlineMs: Math.max(0, grant.deadline - now),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    remaining: {
      ...(maxTurns > 0 && { turns: Math.max(0, maxTurns - state.lines) }),
      ...(end !== undefined && { ms: Math.max(0, end - now) }),
      ...(maxTokens && { tokens: Math.max(0, maxTokens - inputTokens - outputTokens) }),
      ...(maxCost && { cost: Math.max(0, maxCost - cost) }),
    },
    entries: newestThatFit(heard),
  };
};
