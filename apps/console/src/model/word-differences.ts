import { diffArrays } from 'diff';

/** Scripts that put no spaces between words: each character stands for itself. */
const parts =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]\p{M}*|[[\p{L}\p{N}\p{M}_]--[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]]+|\s+|./gsv;
const isWord = (part: string): boolean => /[\p{L}\p{N}]/u.test(part);

/** Words, spaces and punctuation of a text in order. Joined, they are the text. */
export const partsOf = (text: string): readonly string[] => text.match(parts) ?? [];

/** More changes than these are not looked for: the time grows with their square. */
const mostChanges = 1_000;
/** When two texts have less than this share of their words in common, marks would say nothing. */
const leastShared = 0.3;

/** For each part of two texts, whether the other text has it, too, at the same place. */
export interface Differences {
  readonly left: readonly boolean[];
  readonly right: readonly boolean[];
}

/** Undefined where the texts have so little in common that they are just two texts. */
export const differencesOf = (left: readonly string[], right: readonly string[]): Differences | undefined => {
  const changes = diffArrays([...left], [...right], { maxEditLength: mostChanges });
  if (!changes) return undefined;
  const found = { left: [] as boolean[], right: [] as boolean[] };
  let shared = 0;
  for (const { value, added, removed } of changes) {
    const same = !added && !removed;
    if (same) shared += value.filter(isWord).length;
    for (const _ of value) {
      if (!added) found.left.push(same);
      if (!removed) found.right.push(same);
    }
  }
  const longer = Math.max(left.filter(isWord).length, right.filter(isWord).length);
  return shared >= longer * leastShared ? found : undefined;
};
