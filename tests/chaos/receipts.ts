import type { RouterFrame } from '@parley/protocol';
import type { Receipt } from '../history-checker/history.ts';

/** What a frame of the router promises, to the member `by`. */
export const receiptsOf = (text: string, by: string): Receipt[] => {
  const frame = JSON.parse(text) as RouterFrame;
  switch (frame.type) {
    case 'accepted': {
      const { conversation, seq, turn } = frame;
      return [{ kind: 'accepted', conversation, seq, ...(turn !== undefined && { turn, by }) }];
    }
    case 'turn':
      return frame.entries.map((entry) => ({ kind: 'shown', conversation: frame.conversation, entry }));
    case 'entry':
      return [{ kind: 'shown', conversation: frame.conversation, entry: frame.entry }];
    default:
      return [];
  }
};
