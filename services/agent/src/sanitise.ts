import { withoutLoop } from './loops.ts';
import { withoutControls } from './plain-text.ts';

/** Who speaks, who else is in the room, and how long a line may be. */
export interface Cast {
  readonly self: string;
  readonly others: readonly string[];
  readonly maxLength: number;
}

const reasoningTag = /<(\/?)(?:think|thinking|thought|reasoning)>/gi;
const beginningOfTag = /<\/?[a-z]{0,9}$/i;

/** A block that is never closed runs to the end; one that was never opened began at the start. */
const withoutReasoning = (text: string): string => {
  let kept = '';
  let from = 0;
  let depth = 0;
  for (const tag of text.matchAll(reasoningTag)) {
    const end = tag.index + tag[0].length;
    if (tag[1] === '') {
      // The blank keeps the two sides of a removed block from becoming a tag together.
      if (depth === 0) kept += `${text.slice(from, tag.index)} `;
      depth += 1;
    } else if (depth > 0) {
      depth -= 1;
      from = end;
    } else {
      kept = '';
      from = end;
    }
  }
  return depth > 0 ? kept : kept + text.slice(from);
};

/** True when `raw` ends a block of reasoning that it did not begin, as models do whose template begins it. */
export const closesUnopened = (raw: string): boolean => {
  let depth = 0;
  for (const tag of raw.matchAll(reasoningTag)) {
    depth += tag[1] === '' ? 1 : -1;
    if (depth < 0) return true;
  }
  return false;
};

const quoted = (name: string) => name.replace(/[.-]/g, '\\$&');
/** `Name:`, `[Name]`, `[Name]:`, `[Name:]`, each also in bold. At most seven characters longer than the name. */
const speaker = (name: string) =>
  `(?:\\*{0,2}\\[${quoted(name)}(?:\\]:?|:\\]?)\\*{0,2}|\\*{0,2}${quoted(name)}\\*{0,2}:\\*{0,2})`;
const speakerExtra = 7;

/** The narrator's words of view.ts, which models like to go on with. */
const narration =
  /^[^\S\n]*[*_]{0,3}\((?:you begin|the conversation (?:begins|continues|ends|goes on)|nobody has answered|earlier lines are|this is the last line|only \d+ lines|your own notes)[^()\n]*\)[*_]{0,3}[^\S\n]*(?:\n+|(?![\s\S]))/gim;
const openNarration = /(?:^|\n)[^\S\n]*[*_]{0,3}\([^)\n]*$/;

const withoutOwnName = (text: string, { self, others }: Cast): string => {
  const shared = others.some((name) => name.toLowerCase() === self.toLowerCase());
  const prefix = new RegExp(`^${speaker(self)}\\s*`, shared ? '' : 'i');
  let rest = text.trimStart();
  while (prefix.test(rest)) rest = rest.replace(prefix, '');
  return rest;
};

/** Each of the two may uncover the other. */
const withoutFrame = (text: string, cast: Cast): string => {
  let rest = text;
  for (;;) {
    const bare = withoutOwnName(rest.replace(narration, ''), cast);
    if (bare === rest) return rest;
    rest = bare;
  }
};

const withoutOthersLines = (text: string, { others }: Cast): string => {
  if (others.length === 0) return text;
  const at = text.search(new RegExp(`^[ \\t>]*(?:${others.map(speaker).join('|')})`, 'm'));
  return at < 0 ? text : text.slice(0, at);
};

const capped = (text: string, { maxLength }: Cast) =>
  withoutLoop(text)
    .slice(0, maxLength)
    .replace(/[\ud800-\udbff]$/, '')
    .trimEnd();

/**
 * What an agent may say of what its model wrote: no reasoning, no control characters, no name of its own in front,
 * none of the narrator's words, nothing from the line on where it begins to speak for somebody else or behind the
 * place where it got stuck, and not longer than a line may be.
 * Empty when nothing is left. Saying it twice changes nothing.
 */
export const sanitise = (raw: string, cast: Cast): string =>
  capped(withoutOthersLines(withoutFrame(withoutReasoning(withoutControls(raw)), cast), cast), cast);

/**
 * What may be shown of a reply that is still being written: always a beginning of what will be said. Holds back
 * what may yet turn out to be a tag or a speaker's name.
 */
export const visibleSoFar = (raw: string, cast: Cast): string => {
  const settled = withoutReasoning(withoutControls(raw.replace(/[\ud800-\udbff]$/, ''))).replace(
    beginningOfTag,
    '',
  );
  const own = withoutFrame(settled.replace(openNarration, ''), cast);
  const text = withoutOthersLines(own, cast);
  if (text.length < own.length) return capped(text, cast);
  const lineStart = text.lastIndexOf('\n') + 1;
  const line = text.slice(lineStart).replace(/^[ \t>]*/, '');
  const longest = Math.max(cast.self.length, ...cast.others.map((name) => name.length)) + speakerExtra;
  return capped(line.length > longest ? text : text.slice(0, lineStart), cast);
};
