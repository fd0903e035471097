const fewest = 2;
/** The maximum number of words of a quotation. A longer clause is quoted in part. */
const whole = 11;
const most = 8;
/** Words on which a quotation should not end. */
const dangling =
  /^(a|an|the|of|to|in|on|at|by|for|and|or|but|that|which|who|is|are|was|it|its|with|as|if|not|no|than|so|from|my|your|their)$/i;

const clausesOf = (text: string): string[] =>
  text
    .replace(/[“"«][^”"»]*[”"»]?/g, ';')
    .split(/[.,;:!?()[\]\n—–]+|\s-\s/)
    .map((clause) => clause.trim().replace(/\s+/g, ' '));

const cut = (clause: string): string => {
  const all = clause.split(' ');
  if (all.length <= whole) return clause;
  const words = all.slice(0, most);
  while (words.length > fewest && dangling.test(words.at(-1)!)) words.pop();
  return words.join(' ');
};

const lowered = (clause: string): string =>
  /^(I\b|[A-Z][A-Z])/.test(clause) ? clause : clause.charAt(0).toLowerCase() + clause.slice(1);

/**
 * A short quotation from `text`: a clause that is not itself a quotation and was not quoted in `said`. Undefined when there is
 * none.
 */
export const pickQuote = (text: string, said: string, rank: (clause: string) => number): string | undefined =>
  clausesOf(text)
    .filter((clause) => clause.split(' ').length >= fewest && clause.length >= 8)
    .map((clause) => lowered(cut(clause)))
    .filter((clause) => clause.length <= 90 && !said.includes(`“${clause}”`))
    .sort(
      (a, b) => Number(b.split(' ').length > 3) - Number(a.split(' ').length > 3) || rank(a) - rank(b),
    )[0];
