import type { RefusalCode } from '@parley/protocol';
import type { Kept } from '../../link/outbox.ts';

const lost: readonly RefusalCode[] = [
  'stale-turn',
  'not-your-turn',
  'conversation-ended',
  'unknown-conversation',
  'not-a-member',
];

/** Whether a repetition is useless, because the agent does not hold the turn any more. */
export const isLost = (code: RefusalCode): boolean => lost.includes(code);

/** How often a message is sent again when a mailbox is full. Its client may be disconnected for longer than a turn lasts. */
export const fullTries = 3;

/** A message without its refused addressee; undefined when it has no addressee. */
export const withoutAddressee = ({ target, to, ...say }: Extract<Kept, { type: 'say' }>): Kept | undefined =>
  to === undefined && target !== undefined ? say : undefined;
