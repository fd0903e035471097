const separator = 1;
const wordPart = 2;
const wide = 3;
const apostrophe = 0x27;

/** Scripts without blanks between words: each of their characters counts as a word. */
const wideCharacter = /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}\p{sc=Mymr}]/u;
const wordCharacter = /[\p{L}\p{N}\p{M}]/u;

const kindOf = (codePoint: number): number => {
  if (codePoint === apostrophe) return wordPart;
  const character = String.fromCodePoint(codePoint);
  if (!wordCharacter.test(character)) return separator;
  return wideCharacter.test(character) ? wide : wordPart;
};

/** Kinds of the characters that have been met: looking one up costs a hundredth of testing it. */
const kinds = new Uint8Array(0x10000);

const offset = 0x811c9dc5;
const prime = 0x01000193;

/**
 * Tells a hash (FNV-1a, 32 bits) of each word of a text, in order and without regard to case. One pass, so the cost is
 * linear in the length. In scripts without blanks each character is a word, and `isWide`.
 */
export const eachWord = (text: string, tell: (hash: number, isWide: boolean) => void): void => {
  const lower = text.toLowerCase();
  let hash = offset;
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
      hash = Math.imul(hash ^ codePoint, prime);
      isInside = true;
      continue;
    }
    if (isInside) {
      tell(hash, false);
      hash = offset;
      isInside = false;
    }
    if (kind === wide) tell(Math.imul(offset ^ codePoint, prime), true);
  }
  if (isInside) tell(hash, false);
};
