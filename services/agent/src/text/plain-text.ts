const hidden = /[\u202a-\u202e\u2066-\u2069\ufeff]/;
const controlCharacters = /[^\P{Cc}\n\t]/gu;
/** For a pattern with the flag `m` each of these ends a line. */
const lineEnd = /\r\n?|[\u2028\u2029]/g;

const overrides = '\u202d\u202e';
const embeddings = '\u202a\u202b';
const isolates = '\u2066\u2067\u2068';
const closes = new Map([
  ['\u202c', overrides + embeddings],
  ['\u2069', isolates],
]);

/** Finds the characters of text direction that may stay: pairs that open and close in one line. Overrides never stay. */
const balanced = (line: string): ReadonlySet<number> => {
  const open: { readonly at: number; readonly mark: string }[] = [];
  const stay = new Set<number>();
  for (let at = 0; at < line.length; at++) {
    const mark = line.charAt(at);
    if (overrides.includes(mark) || embeddings.includes(mark) || isolates.includes(mark))
      open.push({ at, mark });
    const opened = closes.get(mark);
    if (opened === undefined) continue;
    const last = open.pop();
    if (last === undefined || !opened.includes(last.mark)) {
      // Crossing pairs count as unbalanced.
      open.length = 0;
      continue;
    }
    if (!overrides.includes(last.mark)) stay.add(last.at).add(at);
  }
  return stay;
};

const withoutHidden = (line: string): string => {
  if (!hidden.test(line)) return line;
  const stay = balanced(line);
  return [...line.split('').keys()]
    .filter((at) => stay.has(at) || !hidden.test(line.charAt(at)))
    .map((at) => line.charAt(at))
    .join('');
};

/**
 * Well-formed text with one kind of line end and without characters that control a terminal or hide text. Direction marks and
 * joiners, which some scripts need, are kept. Isolates and embeddings are kept when they end in the line in which they begin.
 */
export const withoutControls = (text: string): string => {
  const plain = text.toWellFormed().replace(lineEnd, '\n').replace(controlCharacters, '');
  return hidden.test(plain) ? plain.split('\n').map(withoutHidden).join('\n') : plain;
};

/** The index of an unclosed pair in an unfinished text; the length of the text when there is none. */
export const settledLength = (text: string): number => {
  const from = text.lastIndexOf('\n') + 1;
  const at = text.slice(from).search(/[\u202a-\u202e\u2066-\u2068]/);
  return at < 0 ? text.length : from + at;
};
