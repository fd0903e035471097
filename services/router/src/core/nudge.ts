import type { Entry, EntryOf } from '@parley/protocol';
import type { Conversation } from './conversation.ts';
import { isAlike, isGoodbye, nudgeAt } from './repetition.ts';

/** The name under which the router itself says something. */
const routerName = 'router';

/** Before a loop is ended, the next speaker is told of it in private, once. */
export const nudge = (state: Conversation, said: EntryOf<'said'>): Entry[] => {
  const { seq, at, floor: to } = said;
  const alike = isAlike(state.limits, said);
  const because =
    alike && state.repeats + 1 === nudgeAt
      ? 'The conversation repeats itself. Say something new, or bring it to its end.'
      : isGoodbye(said) && state.farewells + 1 === nudgeAt
        ? 'Goodbyes have been said. Say something that matters, or bring the conversation to its end.'
        : undefined;
  if (because === undefined || to.length === 0) return [];
  return [{ type: 'noted', seq: seq + 1, at, by: routerName, to, kind: 'nudge', text: because }];
};
