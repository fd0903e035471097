import type { Entry, EntryOf } from '@parley/protocol';
import type { Conversation } from '../conversation.ts';

/** Repetitions or goodbyes in a row: the second is answered with a private note, the fourth ends the conversation. */
const nudgeAt = 2;
export const endAt = 4;

/** The name under which the router itself writes a note. */
export const routerName = 'router';

interface Watched {
  readonly maxRepetition?: number | undefined;
}

/** A limit of 0 compares nothing. */
export const watchesRepetition = ({ maxRepetition = 0 }: Watched): boolean => maxRepetition > 0;

interface Judged {
  readonly likeness?: number | undefined;
  readonly farewell?: boolean | undefined;
  readonly done?: boolean | undefined;
}

/** Whether a message counts as a repetition. A vote does not: the text around it is often the same few words. */
export const isAlike = (limits: Watched, { likeness, done }: Judged): boolean =>
  watchesRepetition(limits) && !done && likeness !== undefined && likeness >= (limits.maxRepetition ?? 1);

/** Whether a message counts as a goodbye. A vote does not. */
export const isGoodbye = ({ farewell, done }: Judged): boolean => farewell === true && !done;

/** Before a loop ends the conversation, the members that speak next are warned once, in a private note. */
export const nudge = (state: Conversation, said: EntryOf<'said'>): Entry[] => {
  const { seq, at, floor: to } = said;
  const text =
    isAlike(state.limits, said) && state.repeats + 1 === nudgeAt
      ? 'The conversation repeats itself. Say something new, or bring it to its end.'
      : isGoodbye(said) && state.farewells + 1 === nudgeAt
        ? 'Goodbyes have been said. Say something that matters, or bring the conversation to its end.'
        : undefined;
  if (text === undefined || to.length === 0) return [];
  return [{ type: 'noted', seq: seq + 1, at, by: routerName, to, kind: 'nudge', text }];
};
