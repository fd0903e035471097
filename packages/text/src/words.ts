import { fnvNext, fnvStart } from './hash.ts';
import { unspacedScripts } from './scripts.ts';

const separator = 1;
const wordPart = 2;
const wide = 3;
const apostrophe = 0x27;

const wideCharacter = new RegExp(`[${unspacedScripts}]`, 'u');
const wordCharacter = /[\p{L}\p{N}\p{M}]/u;

const kindOf = (codePoint: number): number => {
  if (codePoint === apostrophe) return wordPart;
  const character = String.fromCodePoint(codePoint);
  if (!wordCharacter.test(character)) return separator;
  return wideCharacter.test(character) ? wide : wordPart;
};

/** Cache of the kinds of characters: a look-up costs about a hundredth of the test. */
const kinds = new Uint8Array(0x10000);

/**
 * Calls `tell` with a hash (FNV-1a, 32 bits) of each word of a text, in order, without regard to case. Takes one pass, so the
 * cost is linear in the length. In scripts without blanks between words each character counts as a word, with `isWide`.
 */
export const eachWord = (text: string, tell: (hash: number, isWide: boolean) => void): void => {
  const lower = text.toLowerCase();
  let hash = fnvStart;
  let isInside = false;
  for (let at = 0; at < lower.length; at++) {
    let codePoint = lower.charCodeAt(at);
    if (codePoint >= 0xd800 && codePoint < 0xdc00) codePoint = lower.codePointAt(at) as number;
    let kind: number;
    if (codePoint > 0xffff) {
      at++;
      kind = kindOf(codePoint);
    } else {
      kind = kinds[codePoint] as number;
      if (kind === 0) {
        kind = kindOf(codePoint);
        kinds[codePoint] = kind;
      }
    }
    if (kind === wordPart) {
      hash = fnvNext(hash, codePoint);
      isInside = true;
      continue;
    }
    if (isInside) {
      tell(hash, false);
      hash = fnvStart;
      isInside = false;
    }
    if (kind === wide) tell(fnvNext(fnvStart, codePoint), true);
  }
  if (isInside) tell(hash, false);
};
