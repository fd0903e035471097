import { bare, unitsOf, wholeSoFar } from './sentences.ts';

export { whole } from './sentences.ts';

/** Shorter sentences may well be said three times. */
const shortest = 12;
const allowed = 2;
/** So many sentences in a row that were all said more than `allowed` times: long ones, and ones of any length. */
const longRun = 2;
const anyRun = 6;
/** Inside one sentence: the longest piece that is looked for, and how much of it must come again. */
const longestPiece = 60;
const leastRepeated = 60;
const leastTimes = 4;
const leastOfOneCharacter = 200;

/** Wide characters are words or syllables. */
const weight = (words: string): number => {
  const wide =
    words.match(/[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Thai}]/gu)?.length ?? 0;
  return words.length + 2 * wide;
};

/** Where a sentence begins to say one piece again and again: behind its first time. Undefined where it does not. */
const repeatsFrom = (sentence: string): number | undefined => {
  if (sentence.length < leastRepeated) return undefined;
  let first: number | undefined;
  let firstEnd = sentence.length + 1;
  for (let piece = 1; piece <= longestPiece; piece++) {
    const least = piece === 1 ? leastOfOneCharacter : Math.max(leastRepeated, piece * (leastTimes - 1));
    let run = 0;
    for (let at = piece; at < sentence.length && at < firstEnd; at++) {
      run = sentence.charCodeAt(at) === sentence.charCodeAt(at - piece) ? run + 1 : 0;
      if (run < least) continue;
      first = at - run + 1;
      firstEnd = at;
      break;
    }
  }
  return first;
};

interface Loop {
  /** Where the repeated part begins. */
  readonly at: number;
  /** Whether it is one: a repetition may yet be followed by something new. */
  readonly stuck: boolean;
  /** Whether it begins inside a sentence. */
  readonly inside: boolean;
}

/** The first place where a reply got stuck; or where one that is being written may turn out to be. */
const loopIn = (text: string): Loop | undefined => {
  const seen = new Map<string, number>();
  let from: number | undefined;
  let long = 0;
  let any = 0;
  for (const unit of unitsOf(text)) {
    const sentence = text.slice(unit.from, unit.to);
    const again = repeatsFrom(sentence);
    if (again !== undefined)
      return { at: from ?? unit.from + again, stuck: true, inside: from === undefined };
    const words = bare(sentence);
    if (words === '' || !unit.complete) continue;
    const times = (seen.get(words) ?? 0) + 1;
    seen.set(words, times);
    from = times === 1 ? undefined : (from ?? unit.from);
    any = times > allowed ? any + 1 : 0;
    if (times === 1) long = 0;
    else if (times > allowed && weight(words) >= shortest) long += 1;
    if (from !== undefined && (long >= longRun || any >= anyRun))
      return { at: from, stuck: true, inside: false };
  }
  return from === undefined ? undefined : { at: from, stuck: false, inside: false };
};

/** Whether a reply got stuck, so that nothing new is to be expected of it. */
export const isStuck = (text: string): boolean => loopIn(text)?.stuck === true;

/**
 * A reply up to where its model got stuck: sentences in a row that have all been said twice before in it, or one piece of
 * a sentence again and again. What was said again is left out.
 */
export const withoutLoop = (text: string): string => {
  const loop = loopIn(text);
  if (!loop?.stuck) return text;
  const kept = text.slice(0, loop.at);
  return (loop.inside ? wholeSoFar(kept) || kept : kept).trimEnd();
};

/** As much of a reply that is being written as `withoutLoop` keeps, however it goes on. */
export const withoutLoopSoFar = (text: string): string => {
  const loop = loopIn(text);
  return loop ? text.slice(0, loop.at).trimEnd() : text;
};
