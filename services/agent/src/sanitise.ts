import { withoutLoop } from './loops.ts';
import { withoutControls } from './plain-text.ts';
import { spoken, spokenSoFar } from './reasoning.ts';

/** Who speaks, who else is in the room, and how long a line may be. */
export interface Cast {
  readonly self: string;
  readonly others: readonly string[];
  readonly maxLength: number;
}

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
  capped(withoutOthersLines(withoutFrame(spoken(withoutControls(raw)), cast), cast), cast);

/**
 * What may be shown of a reply that is still being written: always a beginning of what will be said. Holds back
 * what may yet turn out to be a tag or a speaker's name.
 */
export const visibleSoFar = (raw: string, cast: Cast): string => {
  const settled = spokenSoFar(withoutControls(raw.replace(/[\ud800-\udbff]$/, '')));
  const own = withoutFrame(settled.replace(openNarration, ''), cast);
  const text = withoutOthersLines(own, cast);
  if (text.length < own.length) return capped(text, cast);
  const lineStart = text.lastIndexOf('\n') + 1;
  const line = text.slice(lineStart).replace(/^[ \t>]*/, '');
  const longest = Math.max(cast.self.length, ...cast.others.map((name) => name.length)) + speakerExtra;
  return capped(line.length > longest ? text : text.slice(0, lineStart), cast);
};
