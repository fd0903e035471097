import { peersIn, type Scene } from './scene.ts';

/** What a model wrote, taken apart: the line itself, and what it says about the conversation beside it. */
export interface Directed {
  readonly text: string;
  /** A vote to end the conversation. */
  readonly done?: true;
  /** Under policy `moderator`: who speaks next. */
  readonly target?: string;
  /** Who alone should hear the line. */
  readonly to?: readonly string[];
}

type Room = Pick<Scene, 'self' | 'members' | 'left' | 'policy' | 'moderator'>;

const closing = 'I have nothing to add.';
const doneLine = /^[^\S\n]*[*_`"(]{0,20}\[done\][*_`").!]*[^\S\n]*$/im;
const doneAtEnd = /[\s*_`"]{0,20}\[done\][\s*_`".!]*$/i;
const nextLine =
  /^[^\S\n]*[*_`]*next[*_`]*\s*:[*_`\s]*@?([a-z0-9][a-z0-9._-]{0,63}?)[*_`.!]{0,20}[^\S\n]*$/gim;
const asideStart = /^\(aside to ([^)\n]{1,300})\)[^\S\n]*:?\s*/i;
/** What may yet become one of the above when more of the line has been written. */
const beginningOfDone = /[\s*_`"(]{0,20}(?:\[(?:d(?:o(?:n(?:e(?:\][\s*_`").!]*)?)?)?)?)?)?$/i;
const beginningOfNext = /(?:^|\n)[^\S\n]*[*_`]*n(?:e(?:x(?:t[^\n]*)?)?)?$/i;
const beginningOfAside = /^\((?:a(?:s(?:i(?:d(?:e[^\n]*)?)?)?)?)?$/i;

const named = (peers: readonly string[], name: string): string | undefined =>
  peers.find((peer) => peer.toLowerCase() === name.toLowerCase());

/** A vote stands on a line of its own, and then the line ends there; or at the end of the text. */
const withoutVote = (text: string): { text: string; done: boolean } => {
  let rest = text.trim();
  let done = false;
  for (;;) {
    const line = doneLine.exec(rest);
    const end = line ? undefined : doneAtEnd.exec(rest);
    if (!line && !end) return { text: rest, done };
    done = true;
    const before = rest.slice(0, (line ?? end)!.index).trim();
    rest = before !== '' || !line ? before : rest.slice(line.index + line[0].length).trim();
  }
};

/** `@name` at the beginning or the end of the text, the latter first; else the last one anywhere. */
const addressed = (peers: readonly string[], text: string): string | undefined => {
  const marks = [...text.matchAll(/@([a-z0-9][a-z0-9._-]*)/gi)];
  const names = marks.map(([, name = '']) => named(peers, name) ?? named(peers, name.replace(/[._-]+$/, '')));
  const last = marks.at(-1);
  const isEnd = last && /^[\s\p{P}]*$/u.test(text.slice(last.index + last[0].length));
  const atEnd = isEnd ? names.at(-1) : undefined;
  const atStart = /^[\s\p{P}]*@/u.test(text) ? names[0] : undefined;
  return atEnd ?? atStart ?? names.findLast((name) => name !== undefined);
};

const picks = ({ policy, moderator, self }: Room): boolean => policy === 'moderator' && moderator === self;

const withoutPick = (
  text: string,
  peers: readonly string[],
): { text: string; target?: string | undefined } => {
  const lines = [...text.matchAll(nextLine)];
  const rest = text
    .replace(nextLine, '')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
  const target = lines.map(([, name = '']) => named(peers, name)).findLast((name) => name !== undefined);
  return { text: rest, target: target ?? addressed(peers, rest) };
};

const withoutAside = (text: string, peers: readonly string[]): { text: string; to?: readonly string[] } => {
  const match = asideStart.exec(text);
  const names = match?.[1]?.split(/,|&|\band\b/).map((name) => named(peers, name.trim().replace(/^@/, '')));
  if (!match || !names || names.some((name) => name === undefined)) return { text };
  return { text: text.slice(match[0].length), to: names as string[] };
};

/**
 * Takes the stage directions out of a line that is otherwise ready to be said: `[DONE]`, `NEXT: name`, `(aside to
 * name)`. A line that held nothing else keeps a short text of its own. Empty stays empty.
 */
export const readDirections = (line: string, room: Room): Directed => {
  const peers = peersIn(room);
  const { text: open, to } = withoutAside(line, peers);
  const { text: unvoted, done } = withoutVote(open);
  const { text: rest, target } = picks(room) ? withoutPick(unvoted, peers) : { text: unvoted };
  const spoken = target === undefined || done ? closing : `@${target}, please go on.`;
  return {
    text: rest === '' && (done || target !== undefined) ? spoken : rest,
    ...(done && { done }),
    ...(target !== undefined && { target }),
    ...(to && { to }),
  };
};

/**
 * What may be shown of a line that is still being written: always a beginning of what `readDirections` will make of
 * the whole. Nothing of an aside is shown.
 */
export const directedSoFar = (line: string, room: Room): string => {
  if (beginningOfAside.test(line) || asideStart.test(line)) return '';
  const held = line.replace(beginningOfDone, '');
  const sure = picks(room) ? held.replace(beginningOfNext, '') : held;
  const { text } = withoutVote(sure);
  return picks(room)
    ? text
        .replace(nextLine, '')
        .replace(/\n{3,}/g, '\n\n')
        .trim()
    : text;
};
