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

/** Where the string that begins at `from` ends: at its closing quote, or at the end of the text. */
const stringEnd = (json: string, from: number): number => {
  let at = from + 1;
  while (at < json.length) {
    const code = json.charCodeAt(at);
    if (code === quote) return at;
    at += code === backslash ? 2 : 1;
  }
  return at;
};

/** Whether lists and objects stand in each other more than `depth` deep. Reads the text once, and keeps nothing of it. */
export const isDeeperThan = (depth: number, json: string): boolean => {
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
 * JSON from outside. Never throws. What is nested too deep is refused before it is parsed: whatever walks through
 * values afterwards, `JSON.stringify` first of all, does so one call inside the other, and would run out of stack.
 * The length of the text is bounded by the caller, who knows how much it reads.
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
