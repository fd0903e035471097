/** The line that begins or ends a block of code. A line with more back-quotes behind the mark is a span, not a block. */
const fence = /^[^\S\n]*```[^`\n]*$/;
const fences = new RegExp(fence.source, 'gm');

export const isFence = (line: string): boolean => fence.test(line);

/** Tells for an index of `text` whether it is inside a block of code. The last block may have no end. */
export const blocksOfCode = (text: string): ((at: number) => boolean) => {
  const ends = [...text.matchAll(fences)].map((match) => match.index + match[0].length);
  return (at) => ends.filter((end) => end < at).length % 2 === 1;
};
