import { sentenceEnds } from '@parley/text';

/** The end of a sentence: marks with closing quotes or brackets after them, or the end of a line. */
const end = new RegExp(String.raw`(?:[${sentenceEnds}]+[*_"')”’»\]」』）】]*|\n)`, 'g');
const atEnd = new RegExp(String.raw`[${sentenceEnds}][*_"')”’»\]」』）】]*$`);
/** Whether a text ends with the end of a sentence. */
export const isFinished = (text: string): boolean => atEnd.test(text.trimEnd().slice(-100));

/** ASCII marks need a blank after them: 3.50 has no end of a sentence. */
const needsBlank = /^[.!?]/;

const listNumber = /^\s*(?:\d{1,3}|[a-z])$/i;

/** One sentence, or one line without a mark, with the blanks after it. */
export interface Unit {
  readonly from: number;
  readonly to: number;
  /** False for an unfinished sentence. */
  readonly complete: boolean;
}

/** Only letters and digits, for comparisons. */
export const bare = (text: string): string =>
  text
    .normalize('NFC')
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, ' ')
    .trim();

/** Splits a text of any language into sentences, in linear time. The last one is complete only if it has an end. */
export const unitsOf = (text: string): Unit[] => {
  const units: Unit[] = [];
  let from = 0;
  for (const { 0: found, index } of text.matchAll(end)) {
    const to = index + found.length;
    if (needsBlank.test(found) && !/^\s/.test(text.slice(to, to + 1))) continue;
    // The number of an item of a list: its text follows.
    if (found === '.' && listNumber.test(text.slice(from, index))) continue;
    units.push({ from, to, complete: true });
    from = to;
  }
  if (from < text.length) units.push({ from, to: text.length, complete: false });
  return units;
};

/** The whole sentences of a truncated reply. Without a whole sentence: the text with a mark of the truncation. */
export const whole = (text: string): string => {
  const all = text.trimEnd();
  if (all === '' || atEnd.test(all.slice(-100))) return all;
  const last = unitsOf(all).findLast(({ complete }) => complete);
  const kept = last ? all.slice(0, last.to).trimEnd() : '';
  return kept === '' ? `${all}…` : kept;
};

/** The part of an unfinished text that `whole` keeps, whatever text follows. */
export const wholeSoFar = (text: string): string => {
  const last = unitsOf(text).findLast(({ complete }) => complete);
  return last ? text.slice(0, last.to).trimEnd() : '';
};
