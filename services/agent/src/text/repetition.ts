import { isFence } from './fences.ts';
import { bare, unitsOf, wholeSoFar } from './sentences.ts';

export { whole } from './sentences.ts';

/** Shorter sentences may occur three times in a good reply. */
const shortest = 12;
const allowed = 2;
/**
 * The number of sentences in a row, each repeated more than `allowed` times, that make a loop: of long sentences, and of any
 * length.
 */
const longRun = 2;
const anyRun = 6;
/** The same in a block of code, and for rows without words: a table or a program has equal lines. */
const runOfData = 24;
/** Inside one sentence: the longest piece that is searched, and how many repeated characters make a loop. */
const longestPiece = 60;
const leastRepeated = 60;
const leastTimes = 4;
/** The same for a piece without words, or of one character: a rule, a blank to fill in, a row of numbers, a long cry. */
const leastOfMarks = 200;
const hasWord = /\p{L}/u;
const isMark = (piece: string): boolean => !hasWord.test(piece) || /^([\s\S])\1*$/.test(piece);

/** A wide character is a word or a syllable. */
const weight = (words: string): number => {
  const wide =
    words.match(/[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Thai}]/gu)?.length ?? 0;
  return words.length + 2 * wide;
};

/** The index at which a sentence begins to repeat one piece, after its first occurrence. Undefined without a repetition. */
const repeatsFrom = (sentence: string): number | undefined => {
  if (sentence.length < leastRepeated) return undefined;
  let first: number | undefined;
  let firstEnd = sentence.length + 1;
  for (let piece = 1; piece <= longestPiece; piece++) {
    const least = Math.max(leastRepeated, piece * (leastTimes - 1));
    let run = 0;
    let needed = least;
    for (let at = piece; at < sentence.length && at < firstEnd; at++) {
      run = sentence.charCodeAt(at) === sentence.charCodeAt(at - piece) ? run + 1 : 0;
      // From here on the run has the same piece, so it is looked at once.
      if (run === least)
        needed = isMark(sentence.slice(at - piece, at)) ? Math.max(least, leastOfMarks) : least;
      if (run < needed) continue;
      first = at - run + 1;
      firstEnd = at;
      break;
    }
  }
  return first;
};

interface Loop {
  /** The index of the repeated part. */
  readonly at: number;
  /** Whether it is certain. In an unfinished reply, new text may follow a repetition. */
  readonly stuck: boolean;
  /** Whether it begins inside a sentence. */
  readonly inside: boolean;
}

/** The first place at which a reply loops, or at which an unfinished reply may be in a loop. */
const loopIn = (text: string): Loop | undefined => {
  const seen = new Map<string, number>();
  let from: number | undefined;
  let long = 0;
  let any = 0;
  let inCode = false;
  for (const unit of unitsOf(text)) {
    const sentence = text.slice(unit.from, unit.to);
    if (isFence(sentence.trimEnd())) inCode = !inCode;
    const again = repeatsFrom(sentence);
    if (again !== undefined)
      return { at: from ?? unit.from + again, stuck: true, inside: from === undefined };
    const words = bare(sentence);
    if (words === '' || !unit.complete) continue;
    const times = (seen.get(words) ?? 0) + 1;
    seen.set(words, times);
    from = times === 1 ? undefined : (from ?? unit.from);
    any = times > allowed ? any + 1 : 0;
    const isData = inCode || !hasWord.test(words);
    if (times === 1) long = 0;
    else if (times > allowed && !isData && weight(words) >= shortest) long += 1;
    if (from !== undefined && (long >= longRun || any >= (isData ? runOfData : anyRun)))
      return { at: from, stuck: true, inside: false };
  }
  return from === undefined ? undefined : { at: from, stuck: false, inside: false };
};

/** Whether a reply loops, so that no new text is expected. */
export const isStuck = (text: string): boolean => loopIn(text)?.stuck === true;

/**
 * The reply up to its loop: sentences in a row of which each occurs for the third time, or one piece of a sentence many times. The
 * repetitions are left out.
 */
export const withoutLoop = (text: string): string => {
  const loop = loopIn(text);
  if (!loop?.stuck) return text;
  const kept = text.slice(0, loop.at);
  return (loop.inside ? wholeSoFar(kept) || kept : kept).trimEnd();
};

/** The part of an unfinished reply that `withoutLoop` keeps, whatever text follows. */
export const withoutLoopSoFar = (text: string): string => {
  const loop = loopIn(text);
  return loop ? text.slice(0, loop.at).trimEnd() : text;
};
