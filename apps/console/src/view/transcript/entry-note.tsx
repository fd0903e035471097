import type { Entry } from '@parley/protocol';
import type { ComponentChildren } from 'preact';
import { conversationLink } from '../../model/route.ts';
import { plain } from '../plain-text.tsx';

/** The text of an entry that is no message. */
export const noteOf = (entry: Exclude<Entry, { type: 'said' }>): string => {
  const because = 'detail' in entry && entry.detail ? ` (${entry.detail})` : '';
  switch (entry.type) {
    case 'opened':
      return `opened by ${entry.by}`;
    case 'forked':
      return `forked by ${entry.by}, after entry ${entry.parent.seq} of`;
    case 'passed':
      return `${entry.from} passed: ${entry.reason}${because}`;
    case 'lapsed':
      return `${entry.from} gave no answer: ${entry.cause}${because}`;
    case 'bid':
      return `${entry.from} bids ${entry.score}`;
    case 'noted':
      return `${entry.kind} from ${entry.by} to ${entry.to.join(', ')}: ${entry.text}`;
    case 'summarised':
      return `${entry.who} summed up what was said up to entry ${entry.through}`;
    case 'joined':
    case 'left':
      return `${entry.who} ${entry.type}`;
    case 'seated':
      return `${entry.by} speaks for ${entry.who}`;
    case 'unseated':
      return `${entry.who} speaks for itself again`;
    case 'recast': {
      const { name, model } = entry.role;
      return `${entry.by} gave ${name} ${model === undefined ? 'another role' : `the model ${model}`}`;
    }
    case 'paused':
      return `paused by ${entry.by}${entry.detail === undefined ? '' : `: ${entry.detail}`}`;
    case 'resumed':
      return entry.lines === undefined
        ? `resumed by ${entry.by}`
        : `resumed by ${entry.by} for ${entry.lines} ${entry.lines === 1 ? 'turn' : 'turns'}`;
    case 'ended':
      // In a router without tokens every operator has the name of the reason.
      return `ended: ${entry.reason}${
        entry.reason === 'operator' && entry.by && entry.by !== 'operator' ? `, by ${entry.by}` : ''
      }${because}${entry.unanswered === undefined ? '' : `; never answered: ${entry.unanswered.join(', ')}`}`;
    default:
      // A newer router may have more types.
      return (entry as { type: string }).type;
  }
};

const scores = (bids: readonly Entry[]): string =>
  bids.map((bid) => (bid.type === 'bid' ? `${bid.from} ${bid.failed ?? bid.score}` : '')).join(', ');

export const note = (entry: Exclude<Entry, { type: 'said' }>, bids?: readonly Entry[]): ComponentChildren => {
  if (bids && bids.length > 1) return plain(`bids: ${scores(bids)}`);
  if (entry.type !== 'forked') return plain(noteOf(entry));
  const { conversation, seq } = entry.parent;
  return (
    <>
      {plain(noteOf(entry))} <a href={conversationLink(conversation, seq)}>the other branch</a>
    </>
  );
};
