import type { Said } from './conversation.ts';

const gram = 5;
/** A goodbye with more words than this says something besides. */
const farewellWords = 25;
const farewells =
  /\b(good ?bye|bye|farewell|take care|see you|so long|have a (great|good|nice|wonderful|lovely)|thanks again|thank you (so much|very much|again|for)|you('re| are) (very |most )?welcome|until next time|all the best|best wishes|my pleasure)\b/i;

const wordsOf = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}']+/gu) ?? [];

/** Runs of five words; a shorter line is one run. */
const gramsOf = (text: string): Set<string> => {
  const words = wordsOf(text);
  const count = Math.max(1, words.length - gram + 1);
  return new Set(Array.from({ length: count }, (_, at) => words.slice(at, at + gram).join(' ')));
};

/** The share of a line's word sequences that stood in one earlier line; the highest over those given. 0..1. */
export const likeness = (text: string, earlier: readonly Said[]): number => {
  const grams = gramsOf(text);
  let highest = 0;
  for (const { text: other } of earlier) {
    const known = gramsOf(other);
    let shared = 0;
    for (const one of grams) if (known.has(one)) shared++;
    highest = Math.max(highest, shared / grams.size);
  }
  return Math.round(highest * 100) / 100;
};

/** Short, and little more than thanks or goodbye. A guess from words alone; it shows in the entry. */
export const isFarewell = (text: string): boolean =>
  wordsOf(text).length <= farewellWords && farewells.test(text);

/** Such lines in a row: the second is answered with a private nudge, the fourth ends the conversation. */
export const nudgeAt = 2;
export const endAt = 4;
