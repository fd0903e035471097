import { peersIn, type TurnContext } from '../memory/turn-context.ts';
import { type Chair, moderates } from '../policies/policy.ts';
import { blocksOfCode } from './fences.ts';
import { pickIn, unpickedSoFar } from './next-speaker.ts';

/** The parts of a reply of a model: the message, and its directions for the conversation. */
export interface Directed {
  readonly text: string;
  /** A vote to end the conversation. */
  readonly done?: true;
  /** The next speaker, where this agent picks it. */
  readonly target?: string;
  /** The only members that should hear the message. */
  readonly to?: readonly string[];
  /** The reply contained only a vote or the name of the next speaker, so `text` is a standard text. */
  readonly wordless?: true;
}

type Seat = Pick<TurnContext, 'members' | 'left'> & Chair;

const closing = 'I have nothing to add.';
const word = '[dD][oO][nN][eE]';
/** The mark of a vote: `[DONE]`, also `[ done ]` and `\[DONE\]`. On a line of its own also `<DONE>` and `{DONE}`; `<done>` is code. */
const squareMark = String.raw`\\?[[［【]{1,2}[^\S\n]?${word}[^\S\n]?\\?[\]］】]{1,2}`;
const anyMark = String.raw`(?:${squareMark}|[<{]{1,2}[^\S\n]?DONE[^\S\n]?[>}]{1,2})`;
/** What may be before and after a mark on its line: emphasis, quotes, marks of lists and headings, ends of sentences. */
const beforeMark = String.raw`[-•#>*_\x60"(（「『]`;
/** The same before the word without brackets, which may be the last item of a list: `- TODO`, `- DONE`. */
const beforeWord = String.raw`(?:[#>_\x60"(（「『]|\*(?![^\S\n]))`;
const afterMark = String.raw`[*_\x60")）」』.!。！]`;
/** A vote on a line of its own, or the word without brackets on the last line, as weak models write it. */
const doneLine = new RegExp(
  String.raw`^[^\S\n]*(?:${beforeMark}|[^\S\n]){0,20}${anyMark}${afterMark}*[^\S\n]*$`,
  'gm',
);
const doneAtEnd = new RegExp(String.raw`[\s*_\x60"]{0,20}${squareMark}[\s*_\x60".!。！]*$`);
const bareDone = new RegExp(
  String.raw`(?:^|\n)[^\S\n]*(?:${beforeWord}|[^\S\n]){0,20}DONE${afterMark}{0,20}\s*$`,
);
const asideStart = /^\(aside to ([^)\n]{1,300})\)[^\S\n]*:?\s*/i;
/** A text that may become one of the above when more of the line is written. */
const beginningOfDone = new RegExp(
  String.raw`(?:${beforeMark}|\s){0,20}\\?(?:[[［【<{]{1,2}[^\S\n]?(?:d(?:o(?:n(?:e[^\S\n]?\\?(?:[\]］】>}]{1,2}(?:${afterMark}|\s)*)?)?)?)?)?)?$`,
  'i',
);
const beginningOfAside = /^\((?:a(?:s(?:i(?:d(?:e[^\n]*)?)?)?)?)?$/i;

const named = (peers: readonly string[], name: string): string | undefined =>
  peers.find((peer) => peer.toLowerCase() === name.toLowerCase());

/** How many characters at the end of a message are searched for a vote. */
const endLength = 100;

const withoutVotesAtEnd = (text: string): { text: string; done: boolean } => {
  let rest = text;
  let done = false;
  const isCode = blocksOfCode(text);
  for (;;) {
    const from = Math.max(0, rest.length - endLength);
    const tail = rest.slice(from);
    const found = doneAtEnd.exec(tail) ?? bareDone.exec(tail);
    if (!found || isCode(from + found.index + found[0].search(/done/i))) return { text: rest, done };
    done = true;
    rest = rest.slice(0, from + found.index).trimEnd();
  }
};

/** A vote is on a line of its own, where the message then ends, or at the end of the text. Nothing in a block of code is a vote. */
const withoutVote = (text: string): { text: string; done: boolean } => {
  const all = text.trim();
  const isCode = blocksOfCode(all);
  let from = 0;
  for (const line of all.matchAll(doneLine)) {
    if (isCode(line.index)) continue;
    const before = all.slice(from, line.index).trim();
    if (before !== '') return { ...withoutVotesAtEnd(before), done: true };
    from = line.index + line[0].length;
  }
  const { text: rest, done } = withoutVotesAtEnd(all.slice(from).trim());
  return { text: rest, done: done || from > 0 };
};

const withoutAside = (text: string, peers: readonly string[]): { text: string; to?: readonly string[] } => {
  const match = asideStart.exec(text);
  const names = match?.[1]?.split(/,|&|\band\b/).map((name) => named(peers, name.trim().replace(/^@/, '')));
  if (!match || !names || names.some((name) => name === undefined)) return { text };
  return { text: text.slice(match[0].length), to: names as string[] };
};

/**
 * Removes the directions from a message that is otherwise ready to be sent: `[DONE]`, the next speaker, `(aside to name)`. A
 * message that contained nothing else gets a short standard text. An empty message stays empty. `label`: the member whose name
 * was before the reply.
 */
export const readDirections = (line: string, seat: Seat, label?: string): Directed => {
  const peers = peersIn(seat);
  const { text: open, to } = withoutAside(line, peers);
  const { text: unvoted, done } = withoutVote(open);
  const picked = moderates(seat) ? pickIn(unvoted, peers) : { text: unvoted, target: undefined };
  const target = picked.target ?? (moderates(seat) && label !== undefined ? named(peers, label) : undefined);
  const wordless = picked.text === '' && (done || target !== undefined);
  const spoken = target === undefined || done ? closing : `@${target}, please go on.`;
  return {
    text: wordless ? spoken : picked.text,
    ...(done && { done }),
    ...(target !== undefined && { target }),
    ...(to && { to }),
    ...(wordless && { wordless }),
  };
};

/**
 * The part of an unfinished message that may be streamed: always a prefix of the result of `readDirections` for the whole message.
 * An aside is not streamed.
 */
export const directedSoFar = (line: string, seat: Seat): string => {
  if (beginningOfAside.test(line) || asideStart.test(line)) return '';
  const { text } = withoutVote(line.replace(bareDone, '').replace(beginningOfDone, ''));
  return moderates(seat) ? unpickedSoFar(text, peersIn(seat)) : text;
};
