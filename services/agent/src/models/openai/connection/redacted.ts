const mark = '[redacted]';
/** A shorter secret is hidden only where it is a whole word, because it may be a part of any word. */
const shortest = 4;
/** A part of a secret with at least this length is hidden, because servers repeat parts of keys. */
const leastPart = 8;

const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');

/** The spellings of a secret that a server may send. */
const spellings = (secret: string): string[] => [
  secret,
  encodeURIComponent(secret),
  JSON.stringify(secret).slice(1, -1),
  Buffer.from(secret).toString('base64'),
  Buffer.from(secret).toString('base64url'),
];

const patternOf = (spelling: string): string =>
  spelling.length < shortest
    ? `(?<![\\p{L}\\p{N}])${literal(spelling)}(?![\\p{L}\\p{N}])`
    : literal(spelling);

/** Hides these secrets where they stand whole, in any spelling and case, and changes nothing else. */
export const secretHider = (secrets: readonly string[]): ((text: string) => string) => {
  const whole = [...new Set(secrets.flatMap(spellings))].sort((a, b) => b.length - a.length);
  const wholePattern = whole.length > 0 ? new RegExp(whole.map(patternOf).join('|'), 'giu') : undefined;
  return (text) => (wholePattern ? text.replace(wholePattern, mark) : text);
};

/** Hides secrets, whole or in part, in any spelling and case, and whatever looks like a key. */
export const redactor = (secrets: readonly string[]): ((text: string) => string) => {
  const hide = secretHider(secrets);
  const long = secrets.filter(({ length }) => length > leastPart);
  return (text) => long.reduce(withoutParts, hideKeys(hide(text)));
};

const hideKeys = (text: string): string =>
  text
    .replace(/\b(?:sk|gsk|pk|hf|xai|nvapi|key)[-_][\w*.…-]{4,}/g, mark)
    .replace(/\bAIza[\w*-]{8,}/g, mark)
    .replace(/\b(Bearer|Basic)\s+[\w*.~+/=…-]{4,}/gi, `$1 ${mark}`);

/** Hides the beginning and the end of a secret where they are in the text. */
const withoutParts = (text: string, secret: string): string => {
  let rest = text;
  for (let length = secret.length - 1; length >= leastPart; length--) {
    for (const part of [secret.slice(0, length), secret.slice(-length)])
      if (rest.includes(part)) rest = rest.replaceAll(part, mark);
  }
  return rest;
};
