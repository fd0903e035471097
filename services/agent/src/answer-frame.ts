import type { Failure } from '@parley/protocol';
import type { Kept, Place } from './outbox.ts';
import type { Answer } from './turn.ts';

/** A wish that a model could not utter is no wish; what an operator has to mend, or a rate, is told as it is. */
const noWish: readonly Failure[] = ['empty-reply', 'model-unavailable', 'context-overflow', 'timed-out'];
interface Granted {
  readonly place: Place;
  readonly wanted: 'speak' | 'bid';
}

/** What the router is told of a turn's answer. The frame is complete but for its usage. */
export const frameOf = (answer: Answer, { place, wanted }: Granted): Kept => {
  const { conversation, turn } = place;
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
    case 'no-bid':
      return { type: 'pass', conversation, turn, reason: 'nothing-to-say', detail: answer.why };
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
      if (wanted === 'bid' && noWish.includes(reason)) {
        return { type: 'pass', conversation, turn, reason: 'nothing-to-say', detail };
      }
      const afterMs = reason === 'rate-limited' ? retry?.afterMs : undefined;
      const wait = afterMs === undefined ? {} : { retryAfterMs: Math.ceil(afterMs) };
      return { type: 'pass', conversation, turn, reason, detail, ...wait };
    }
  }
};
