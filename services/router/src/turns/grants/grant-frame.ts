import type { Loose, RouterFrameOf } from '@parley/protocol';
import type { Conversation, Turn } from '../../core/conversation.ts';
import { endsAt } from '../../core/endings/endings.ts';
import type { Grant } from './grant.ts';
import type { GrantHistory } from './grant-history.ts';

type Frame = RouterFrameOf<'turn'>;

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
  // Undefined fields are not in the JSON. With optional ones each frame would have a shape of its own, which costs more.
  const frame: Loose<Omit<Frame, 'entries' | 'remaining'>> & {
    readonly remaining: Loose<Frame['remaining']>;
  } = {
    type: 'turn',
    conversation: state.id,
    turn: turn.number,
    attempt: grant.attempt,
    wanted: turn.wanted === 'bid' ? turn.wanted : undefined,
    // A pool counts calls, not turns: an agent that needs another call gives the turn back and is granted it again.
    calls: grant.lease?.pool.countsCalls ? 1 : undefined,
    deadlineMs: Math.max(0, Math.ceil(deadlineMs)),
    maxOutputTokens,
    remaining: {
      turns: maxTurns > 0 ? Math.max(0, maxTurns - state.turnsTaken) : undefined,
      ms: end === undefined ? undefined : Math.max(0, end - time),
      tokens: maxTokens ? Math.max(0, maxTokens - inputTokens - outputTokens) : undefined,
      cost: maxCost ? Math.max(0, maxCost - cost) : undefined,
    },
    trace,
    omitted,
  };
  // The entries are JSON already, because their size had to be measured.
  const list = entries.length === 1 ? entries[0] : entries.join(',');
  return `${JSON.stringify(frame).slice(0, -1)},"entries":[${list}]}`;
};
