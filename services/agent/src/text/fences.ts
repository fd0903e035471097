/** The line that begins or ends a block of code. A line with more back-quotes behind the mark is a span, not a block. */
const fence = /^[^\S\n]*```[^`\n]*$/;
/** The same in a text. Only a line feed ends a line: in a run of other line breaks, each would be searched up to the end. */
const fences = /(?<![^\n])[^\S\n]*```[^`\n]*(?![^\n])/g;

export const isFence = (line: string): boolean => fence.test(line);

/** Tells for an index of `text` whether it is inside a block of code. The last block may have no end. */
export const blocksOfCode = (text: string): ((at: number) => boolean) => {
  const ends = [...text.matchAll(fences)].map((match) => match.index + match[0].length);
  return (at) => ends.filter((end) => end < at).length % 2 === 1;
};

const code = /```[\s\S]*?```|`[^`\n]+`|`+/g;

/** The index of unclosed code: a block of lines, or a span on the last line. */
export const openCode = (text: string): number => {
  const lastLine = text.lastIndexOf('\n') + 1;
  for (const { 0: found, index } of text.matchAll(code)) {
    const isOpen = /^`+$/.test(found) && found.length < 6;
    if (isOpen && (found.length >= 3 || index >= lastLine)) return index;
  }
  return text.length;
};
