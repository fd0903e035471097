import { maxJsonDepth } from './limits.ts';

export type Parsed =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problem: string };

const quote = 0x22;
const backslash = 0x5c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** The index at which the string that begins at `from` ends: its closing quote, or the end of the text. */
const stringEnd = (json: string, from: number): number => {
  let at = from + 1;
  while (at < json.length) {
    const code = json.charCodeAt(at);
    if (code === quote) return at;
    at += code === backslash ? 2 : 1;
  }
  return at;
};

/** How often the character occurs in the text; counts no further than `most`. */
const occurrences = (json: string, character: string, most: number): number => {
  let count = 0;
  for (let at = json.indexOf(character); at !== -1 && count < most; at = json.indexOf(character, at + 1))
    count++;
  return count;
};

/** Whether lists and objects are nested deeper than `depth`. Reads the text at most three times and allocates nothing. */
export const isDeeperThan = (depth: number, json: string): boolean => {
  // Nearly all texts have too few brackets to be nested so deep. To count these takes a fraction of the time of the search below.
  const opening = occurrences(json, '{', depth + 1) + occurrences(json, '[', depth + 1);
  if (opening <= depth) return false;
  let level = 0;
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === quote) at = stringEnd(json, at);
    else if (code === openBracket || code === openBrace) level++;
    else if (code === closeBracket || code === closeBrace) level--;
    if (level > depth) return true;
  }
  return false;
};

/**
 * Parses JSON from outside. Never throws. Text that is nested too deep is refused before it is parsed: recursive functions, such
 * as `JSON.stringify`, would overflow the stack on its value. The caller bounds the length of the text.
 */
export const parseJson = (json: string): Parsed => {
  if (isDeeperThan(maxJsonDepth, json))
    return { ok: false, problem: `is nested more than ${maxJsonDepth} deep` };
  try {
    return { ok: true, value: JSON.parse(json) };
  } catch {
    return { ok: false, problem: 'is not JSON' };
  }
};
