import { sentenceEnds } from './scripts.ts';

/**
 * Marks that may surround a phrase on its line, in any script: quotes, brackets, emphasis, ends of sentences. Languages open and
 * close quotes with the same marks in another order: “…”, „…“, »…«, ”…”.
 */
const picture = '\\p{Extended_Pictographic}\\p{Emoji_Modifier}\\u200b\\u200d\\ufe0f';
const opening = new RegExp(`[\\s"'*_\`\\p{Ps}\\p{Pi}\\p{Pf}¿¡${picture}]`, 'u');
const closing = new RegExp(`[\\s"'*_\`~\\p{Pe}\\p{Pi}\\p{Pf}．〜${sentenceEnds}${picture}]`, 'u');
/** The mark of a list or of a quote before a line. */
const listMark = /^\s*[-–—•>]\s+/;
const listItem = /^\s*[-•*+]\s+/;
const onlyPictures = new RegExp(`^[${picture}]+$`, 'u');

/** The same text in one spelling: composed, of usual width, with one kind of apostrophe. */
const spelt = (text: string): string =>
  text
    .normalize('NFKC')
    .replace(/[\u2018\u2019\u02bc]/g, "'")
    .toLowerCase();

const characterAt = (text: string, at: number): string => String.fromCodePoint(text.codePointAt(at)!);
const characterBefore = (text: string, end: number): string =>
  /[\udc00-\udfff]/.test(text.charAt(end - 1)) && end > 1 ? text.slice(end - 2, end) : text.charAt(end - 1);

/** A line without the marks around it. One expression for both ends would take quadratic time. */
const bare = (written: string): string => {
  const line = written.replace(listMark, '');
  let from = 0;
  let to = line.length;
  while (from < to && opening.test(characterAt(line, from))) from += characterAt(line, from).length;
  while (to > from && closing.test(characterBefore(line, to))) to -= characterBefore(line, to).length;
  return line.slice(from, to);
};

/** Whether a phrase has marks on both sides, such as `###STOP###` or `<END>`: such a phrase is not part of a sentence. */
const isMarker = (phrase: string): boolean =>
  /^(?![\s"'*_`.!?])[\p{P}\p{S}].*[\p{P}\p{S}]$/su.test(phrase) && !/[.!?…。！？"'”’]$/u.test(phrase);

/** How many marks may follow a marker at the end of a text. */
const marksBehind = 20;

const endsWithMarker = (text: string, marker: string): boolean => {
  const tail = text.slice(-(marker.length + marksBehind));
  const at = tail.lastIndexOf(marker);
  return at >= 0 && [...tail.slice(at + marker.length)].every((character) => closing.test(character));
};

/** The lines that may be a phrase. An item of a list is a phrase only on the last line. */
const phraseLines = (text: string): string[] => {
  const lines = text.trimEnd().split('\n');
  return lines.filter((line, at) => at === lines.length - 1 || !listItem.test(line));
};

/**
 * The first of `phrases` that stands alone on a line of the text, without regard to case and to the marks around it. A phrase
 * inside a sentence does not count. A marker, such as `###STOP###` or a picture, also counts at the end of the text. A phrase of
 * nothing but marks is compared with whole lines.
 */
export const phraseIn = (text: string, phrases: readonly string[]): string | undefined => {
  if (phrases.length === 0) return undefined;
  const all = spelt(text);
  const lines = phraseLines(all);
  const bareLines = lines.map(bare);
  return phrases.find((phrase) => {
    const marker = spelt(phrase).trim();
    if (marker === '') return false;
    const word = bare(marker);
    const isLine = word === '' ? lines.some((line) => line.trim() === marker) : bareLines.includes(word);
    const mayEnd = isMarker(marker) || onlyPictures.test(marker);
    return isLine || (mayEnd && endsWithMarker(all.trimEnd(), marker));
  });
};
