/** The line that begins or ends a block of code. A line with more back-quotes behind the mark is a span, not a block. */
const fence = /^[^\S\n]*```[^`\n]*$/;
/**
 * The same in a text, also behind the mark of a list. Only a line feed ends a line: in a run of other line breaks, each would be
 * searched up to the end.
 */
const fences = /(?<![^\n])[^\S\n]*((?:[-*+]|\d{1,3}[.)])[^\S\n]+)?```[^`\n]*(?![^\n])/g;

export const isFence = (line: string): boolean => fence.test(line);

/** A block of code in a text: from the end of its first line. The last block may have no end. */
interface Block {
  readonly start: number;
  readonly from: number;
  readonly to: number | undefined;
}

const blocksIn = (text: string): Block[] => {
  const blocks: Block[] = [];
  for (const { 0: found, 1: item, index } of text.matchAll(fences)) {
    const last = blocks.at(-1);
    const end = index + found.length;
    if (!last || last.to !== undefined) blocks.push({ start: index, from: end, to: undefined });
    // The mark of a list is only before a block, not at its end.
    else if (item === undefined) blocks[blocks.length - 1] = { ...last, to: end };
  }
  return blocks;
};

/** Tells for an index of `text` whether it is inside a block of code. */
export const blocksOfCode = (text: string): ((at: number) => boolean) => {
  const blocks = blocksIn(text);
  return (at) => blocks.some(({ from, to }) => from < at && (to === undefined || at <= to));
};

/** The index of the end of a text in its last block of code, if that has no end or is the whole text. */
export const endInOpenCode = (text: string): number | undefined => {
  const all = text.trimEnd();
  const blocks = blocksIn(all);
  const last = blocks.at(-1);
  if (last?.to === undefined) return last && all.length;
  const isWhole = blocks.length === 1 && last.to === all.length && all.slice(0, last.start).trim() === '';
  return isWhole ? all.slice(0, all.lastIndexOf('\n')).trimEnd().length : undefined;
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
