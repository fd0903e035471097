import { type Shape, text } from './shape.ts';

/** Characters of one name, as JavaScript counts them. */
export const maxNameLength = 64;

/**
 * Letters and digits of any script, and after the first character also `.`, `_` and `-`. Characters that a reader cannot see are
 * not allowed: letters that Unicode calls ignorable (fillers, joiners).
 */
export const namePattern =
  /^(?![.\-_\p{M}])(?:(?!\p{Default_Ignorable_Code_Point})[\p{L}\p{M}\p{Nd}._-]){1,64}$/u;

/** Ids of conversations are used in URLs, file names and subjects of a message broker. */
export const idPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** One name is one sequence of code points: composed and decomposed letters are the same. */
export const normalName = (name: string): string => name.normalize('NFC');

const direction = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
const allowed = /^(?!\p{Default_Ignorable_Code_Point})[\p{L}\p{M}\p{Nd}._-]$/u;

const codePoint = (character: string): string =>
  `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;

const described = (character: string): string => {
  const code = codePoint(character);
  if (direction.test(character)) return `a direction character (${code})`;
  if (/^\p{Cs}$/u.test(character)) return `half of a surrogate pair (${code})`;
  if (/^[\p{C}\p{Zl}\p{Zp}]|\p{Default_Ignorable_Code_Point}$/u.test(character))
    return `a character that cannot be seen (${code})`;
  if (/^\s$/u.test(character)) return character === ' ' ? 'a space' : `a space (${code})`;
  return `${JSON.stringify(character)} (${code})`;
};

/** The problem of an invalid name as text for its user; undefined when the name is valid. Short enough for a close frame. */
export const nameFault = (name: string): string | undefined => {
  if (name === '') return 'a name is empty';
  const normal = normalName(name);
  if (normal.length > maxNameLength) return `a name is longer than ${maxNameLength} characters`;
  if (namePattern.test(normal)) return undefined;
  const wrong = [...normal].find((character) => !allowed.test(character));
  if (wrong !== undefined) return `a name has letters, digits, ".", "_" or "-", not ${described(wrong)}`;
  return `a name begins with a letter or a digit, not with ${described([...normal][0]!)}`;
};

/** A name in a frame. It is normalised when it is read, so that names can be compared as strings. */
export const nameShape: Shape<string> = {
  fault(value, path) {
    if (typeof value !== 'string') return `${path} must be a string`;
    const fault = nameFault(value);
    return fault === undefined ? undefined : `${path}: ${fault}`;
  },
  pick: normalName,
  schema: { type: 'string', minLength: 1, maxLength: maxNameLength, pattern: namePattern.source },
};

/** The name in `register`. Any text is accepted here, because a wrong name is refused with a close code and its problem. */
export const claimedName: Shape<string> = { ...text({ max: 1_000 }), pick: normalName };

/** Scripts that put no blanks between words, and Korean, which puts particles behind a name. */
const unspaced =
  /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}ー々〆]/u;
/** An `@` behind a letter or a digit is part of an address: ann@example.org. */
const mark = /(?<![\p{Script=Latin}\p{Nd}._-])[@＠]((?:[\p{L}\p{M}\p{Nd}._-]|\\_){1,80})/gu;

/** Whether a name may end before `next` in a text. */
const endsBefore = (last: string, next: string | undefined): boolean => {
  if (next === undefined) return true;
  if (/\p{M}/u.test(next)) return false;
  return unspaced.test(next) || (unspaced.test(last) && !/[._-]/.test(next));
};

/** One `@name` in a text. */
export interface Mention {
  readonly name: string;
  readonly index: number;
  /** The index after the name. */
  readonly end: number;
}

/** An index of names. A look-up is exact, else without regard to case; then the first of several names is found. */
export class NameIndex {
  readonly #names = new Set<string>();
  readonly #folded = new Map<string, string>();
  /** The maximum number of characters of a name in a text, decomposed and with escapes. */
  readonly longest: number;

  constructor(names: Iterable<string>) {
    let longest = 0;
    for (const name of names) {
      const folded = name.toLowerCase();
      this.#names.add(name);
      if (!this.#folded.has(folded)) this.#folded.set(folded, name);
      longest = Math.max(longest, name.length);
    }
    this.longest = 3 * longest;
  }

  find(written: string): string | undefined {
    const normal = normalName(written);
    return this.#names.has(normal) ? normal : this.#folded.get(normal.toLowerCase());
  }
}

/** The longest known name at the beginning of `run`, which is the text after an `@`, that may end at its place. */
const longest = (run: string, names: NameIndex): { name: string; length: number } | undefined => {
  const bareLength = run.replace(/[._-]{1,80}$/, '').length;
  const characters = [...run];
  let length = run.length;
  for (let at = characters.length - 1; at >= 0; length -= characters[at--]!.length) {
    if (length > names.longest) continue;
    if (length < bareLength && !endsBefore(characters[at]!, characters[at + 1])) continue;
    const name = names.find(run.slice(0, length).replaceAll('\\_', '_'));
    if (name !== undefined) return { name, length };
  }
  return undefined;
};

/**
 * The known names that a text marks with `@`, in the order of the text. In scripts without blanks, a name ends where a known name
 * ends: `@小明请说` names 小明. Takes linear time.
 */
export const mentionsIn = (text: string, names: NameIndex): Mention[] => {
  const found: Mention[] = [];
  for (const match of text.matchAll(mark)) {
    const hit = longest(match[1]!, names);
    if (hit) found.push({ name: hit.name, index: match.index, end: match.index + 1 + hit.length });
  }
  return found;
};
