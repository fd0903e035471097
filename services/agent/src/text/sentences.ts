import { sentenceEnds } from '@parley/text';

/** Marks that may end a sentence, with what closes behind them; or the end of a line. */
const end = new RegExp(String.raw`(?:[${sentenceEnds}]+[*_"')”’»\]」』）】]*|\n)`, 'g');
const atEnd = new RegExp(String.raw`[${sentenceEnds}][*_"')”’»\]」』）】]*$`);
/** Those of ASCII need a blank behind them: 3.50 is no end. */
const needsBlank = /^[.!?]/;

/** One sentence, or one line that is none, with the blanks behind it. */
export interface Unit {
  readonly from: number;
  readonly to: number;
  /** False for what is still being written. */
  readonly complete: boolean;
}

/** Letters and digits alone, for comparing. */
export const bare = (text: string): string =>
  text
    .normalize('NFC')
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, ' ')
    .trim();

/** A text in its sentences, in any language. Linear; the last one is complete only when an end is behind it. */
export const unitsOf = (text: string): Unit[] => {
  const units: Unit[] = [];
  let from = 0;
  for (const { 0: found, index } of text.matchAll(end)) {
    const to = index + found.length;
    if (needsBlank.test(found) && !/^\s/.test(text.slice(to, to + 1))) continue;
    units.push({ from, to, complete: true });
    from = to;
  }
  if (from < text.length) units.push({ from, to: text.length, complete: false });
  return units;
};

/** Whole sentences as far as there are any, of a reply that was cut off in the middle; else with a mark of that. */
export const whole = (text: string): string => {
  const all = text.trimEnd();
  if (all === '' || atEnd.test(all.slice(-100))) return all;
  const last = unitsOf(all).findLast(({ complete }) => complete);
  const kept = last ? all.slice(0, last.to).trimEnd() : '';
  return kept === '' ? `${all}…` : kept;
};

/** As much of a text that is being written as `whole` keeps of it, however it goes on. */
export const wholeSoFar = (text: string): string => {
  const last = unitsOf(text).findLast(({ complete }) => complete);
  return last ? text.slice(0, last.to).trimEnd() : '';
};
