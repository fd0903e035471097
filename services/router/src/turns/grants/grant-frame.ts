import type { RouterFrameOf } from '@parley/protocol';
import type { Conversation, Turn } from '../../core/conversation.ts';
import { endsAt } from '../../core/endings/endings.ts';
import type { Grant } from './grant.ts';
import type { GrantHistory } from './grant-history.ts';

interface Granted {
  readonly state: Conversation;
  readonly turn: Turn;
  readonly grant: Grant;
  readonly history: GrantHistory;
  readonly deadlineMs: number;
  /** Now, by the time of the conversation. */
  readonly time: number;
  readonly trace: string | undefined;
}

/** The `turn` frame of a grant (PROTOCOL §5.1), as text. */
export const grantFrame = ({ state, turn, grant, history, deadlineMs, time, trace }: Granted): string => {
  const { maxTurns, maxOutputTokens, maxTokens, maxCost } = state.limits;
  const { inputTokens, outputTokens, cost } = state.spent;
  const end = endsAt(state);
  const { entries, omitted } = history;
  const frame: Omit<RouterFrameOf<'turn'>, 'entries'> = {
    type: 'turn',
    conversation: state.id,
    turn: turn.number,
    attempt: grant.attempt,
    ...(turn.wanted === 'bid' && { wanted: turn.wanted }),
    // A pool counts calls, not turns: an agent that needs another call gives the turn back and is granted it again.
    ...(grant.lease?.pool.countsCalls && { calls: 1 }),
    deadlineMs: Math.max(0, Math.ceil(deadlineMs)),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    remaining: {
      ...(maxTurns > 0 && { turns: Math.max(0, maxTurns - state.turnsTaken) }),
      ...(end !== undefined && { ms: Math.max(0, end - time) }),
      ...(maxTokens && { tokens: Math.max(0, maxTokens - inputTokens - outputTokens) }),
      ...(maxCost && { cost: Math.max(0, maxCost - cost) }),
    },
    ...(trace !== undefined && { trace }),
    ...(omitted && { omitted }),
  };
  // The entries are JSON already, because their size had to be measured.
  return `${JSON.stringify(frame).slice(0, -1)},"entries":[${entries.join(',')}]}`;
};
