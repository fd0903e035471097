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
