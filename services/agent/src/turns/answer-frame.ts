import type { Kept, Place } from '../link/outbox.ts';
import type { TurnAnswer } from './turn.ts';

/** What the router is told of a turn's answer. The frame is complete but for its usage. */
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
