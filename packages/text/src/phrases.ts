import { sentenceEnds } from './scripts.ts';

/**
 * Marks that may surround a phrase on its line, in any script: quotes, brackets, emphasis, ends of sentences. Languages open and
 * close quotes with the same marks in another order: “…”, „…“, »…«, ”…”.
 */
const opening = /[\s"'*_`\p{Ps}\p{Pi}\p{Pf}¿¡]/u;
const closing = new RegExp(`[\\s"'*_\`\\p{Pe}\\p{Pi}\\p{Pf}．${sentenceEnds}]`, 'u');

/** A line without the marks around it. One expression for both ends would take quadratic time. */
const bare = (line: string): string => {
  let from = 0;
  let to = line.length;
  while (from < to && opening.test(line.charAt(from))) from++;
  while (to > from && closing.test(line.charAt(to - 1))) to--;
  return line.slice(from, to).toLowerCase();
};

/** Whether a phrase has marks on both sides, such as `###STOP###` or `<END>`: such a phrase is not part of a sentence. */
const isMarker = (phrase: string): boolean =>
  /^(?![\s"'*_`.!?])[\p{P}\p{S}].*[\p{P}\p{S}]$/su.test(phrase) && !/[.!?…。！？"'”’]$/u.test(phrase);

/** How many marks may follow a marker at the end of a text. */
const marksBehind = 20;

const endsWithMarker = (text: string, marker: string): boolean => {
  const tail = text.slice(-(marker.length + marksBehind)).toLowerCase();
  const at = tail.lastIndexOf(marker);
  return at >= 0 && [...tail.slice(at + marker.length)].every((character) => closing.test(character));
};

/**
 * The first of `phrases` that stands alone on a line of the text, without regard to case and to the marks around it. A phrase
 * inside a sentence does not count. A marker, such as `###STOP###`, also counts at the end of the text.
 */
export const phraseIn = (text: string, phrases: readonly string[]): string | undefined => {
  if (phrases.length === 0) return undefined;
  const lines = text.split('\n').map(bare);
  return phrases.find((phrase) => {
    const marker = phrase.trim().toLowerCase();
    return lines.includes(bare(phrase)) || (isMarker(marker) && endsWithMarker(text.trimEnd(), marker));
  });
};
