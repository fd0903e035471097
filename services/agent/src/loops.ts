/** A sentence, or a line that is none, with its end: optional, so that a text without any is walked only once. */
const unit = /[^.!?\n]*([.!?]+[*_"')”’\]]*|\n)?/g;
/** Shorter ones may well be said three times. */
const shortest = 12;
const allowed = 2;

const bare = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();

/**
 * A reply up to where its model got stuck: two sentences in a row that have both been said twice before in it. Ends
 * behind them, so that what was shown of a reply while it was written stays a beginning of it.
 */
export const withoutLoop = (text: string): string => {
  const seen = new Map<string, number>();
  let stale = 0;
  for (const match of text.matchAll(unit)) {
    if (match[1] === undefined) break;
    const words = bare(match[0]);
    if (words.length < shortest) continue;
    const times = (seen.get(words) ?? 0) + 1;
    seen.set(words, times);
    stale = times > allowed ? stale + 1 : 0;
    if (stale === 2) return text.slice(0, match.index + match[0].length);
  }
  return text;
};

/** Whole sentences as far as there are any, of a reply that was cut off in the middle; else with a mark of that. */
export const whole = (text: string): string => {
  const end = /^[\s\S]*[.!?…][*_"')”’\]]*(?=\s|$)/.exec(text)?.[0] ?? '';
  if (end.length >= text.length / 2) return end.trimEnd();
  return text === '' ? '' : `${text.trimEnd()}…`;
};
