import type { Kept, Place } from '../../link/outbox.ts';
import type { TurnAnswer } from '../turn.ts';

/** The frame for the answer to a turn. Only its usage is missing. */
export const frameOf = (answer: TurnAnswer, { conversation, turn }: Place): Kept => {
  switch (answer.kind) {
    case 'say': {
      const { text, done, to, target } = answer;
      return {
        type: 'say',
        conversation,
        turn,
        text,
        ...(target !== undefined && { target }),
        ...(to && { to }),
        ...(done && { done }),
      };
    }
    case 'bid':
      return { type: 'bid', conversation, turn, score: answer.score };
    case 'summarised':
      return {
        type: 'pass',
        conversation,
        turn,
        reason: 'interrupted',
        detail: 'the call went into a summary',
      };
    case 'failed': {
      const { reason, detail, retry } = answer;
      const afterMs = retry?.afterMs;
      const wait = afterMs === undefined ? {} : { retryAfterMs: Math.ceil(afterMs) };
      return { type: 'pass', conversation, turn, reason, detail, ...wait };
    }
  }
};
