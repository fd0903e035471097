import { farewell } from './farewells.ts';
import { eachWord } from './words.ts';

/** A goodbye with more words than this says something besides. */
const farewellWords = 25;
/** A word of a script without blanks has about two characters. */
const wideWord = 0.5;

const lengthOf = (text: string): number => {
  let words = 0;
  eachWord(text, (_, isWide) => {
    words += isWide ? wideWord : 1;
  });
  return words;
};

/** Short, and little more than thanks or goodbye. A guess from words alone; it shows in the entry. */
export const isFarewell = (text: string): boolean => lengthOf(text) <= farewellWords && farewell.test(text);

/** Such lines in a row: the second is answered with a private nudge, the fourth ends the conversation. */
export const nudgeAt = 2;
export const endAt = 4;

interface Watched {
  readonly maxRepetition?: number | undefined;
}

/** 0 watches nothing. */
export const watchesRepetition = ({ maxRepetition = 0 }: Watched): boolean => maxRepetition > 0;

interface Judged {
  readonly likeness?: number | undefined;
  readonly farewell?: boolean | undefined;
  readonly done?: boolean | undefined;
}

/** Whether it counts as a repetition. A vote does not: what stands around it is often the same few words. */
export const isAlike = (limits: Watched, { likeness, done }: Judged): boolean =>
  watchesRepetition(limits) && !done && likeness !== undefined && likeness >= (limits.maxRepetition ?? 1);

/** Whether it counts as one goodbye more. A vote does not. */
export const isGoodbye = ({ farewell, done }: Judged): boolean => farewell === true && !done;
