/**
 * A text without some of its parts. Where a part was, at most one blank line remains of those before and after it. All other blank
 * lines stay as they are: in code, two are usual.
 */
export const withoutParts = (
  text: string,
  parts: Iterable<{ readonly from: number; readonly to: number }>,
): string => {
  let kept = '';
  let at = 0;
  for (const { from, to } of parts) {
    kept += text.slice(at, from);
    at = to;
    const before = kept === '' ? 2 : /\n{0,2}$/.exec(kept.slice(-2))![0].length;
    const after = /^\n*/.exec(text.slice(at, at + mostBreaks))![0].length;
    at += Math.max(0, after - (2 - before));
  }
  return kept + text.slice(at);
};

/** How many line breaks after a part are examined. */
const mostBreaks = 100;
