import { peersIn, type TurnContext } from '../memory/turn-context.ts';
import { type Chair, moderates } from '../policies/policy.ts';
import { pickIn, unpickedSoFar } from './next-speaker.ts';

/** What a model wrote, taken apart: the line itself, and what it says about the conversation beside it. */
export interface Directed {
  readonly text: string;
  /** A vote to end the conversation. */
  readonly done?: true;
  /** The next speaker, where this agent picks it. */
  readonly target?: string;
  /** Who alone should hear the line. */
  readonly to?: readonly string[];
  /** Nothing was said but that the conversation is to end, or who is next: the text is a stand-in. */
  readonly wordless?: true;
}

type Seat = Pick<TurnContext, 'members' | 'left'> & Chair;

const closing = 'I have nothing to add.';
/** `[DONE]` on a line of its own, and the bare word on the last line: weak models leave the brackets out. */
const doneLine = /^[^\S\n]*[*_`"(（「『]{0,20}[[［【]done[\]］】][*_`")）」』.!。！]*[^\S\n]*$/gim;
const doneAtEnd = /[\s*_`"]{0,20}[[［【]done[\]］】][\s*_`".!。！]*$/i;
const bareDone = /(?:^|\n)[^\S\n]*[*_`"(（「『]{0,20}DONE[*_`")）」』.!。！]{0,20}\s*$/;
const asideStart = /^\(aside to ([^)\n]{1,300})\)[^\S\n]*:?\s*/i;
/** What may yet become one of the above when more of the line has been written. */
const beginningOfDone =
  /[\s*_`"(（「『]{0,20}(?:[[［【](?:d(?:o(?:n(?:e(?:[\]］】][\s*_`")）」』.!。！]*)?)?)?)?)?)?$/i;
const beginningOfAside = /^\((?:a(?:s(?:i(?:d(?:e[^\n]*)?)?)?)?)?$/i;

const named = (peers: readonly string[], name: string): string | undefined =>
  peers.find((peer) => peer.toLowerCase() === name.toLowerCase());

/** How much of the end of a message is searched for votes behind its last words; several take several looks. */
const endLength = 100;

const withoutVotesAtEnd = (text: string): { text: string; done: boolean } => {
  let rest = text;
  let done = false;
  for (;;) {
    const from = Math.max(0, rest.length - endLength);
    const tail = rest.slice(from);
    const found = doneAtEnd.exec(tail) ?? bareDone.exec(tail);
    if (!found) return { text: rest, done };
    done = true;
    rest = rest.slice(0, from + found.index).trimEnd();
  }
};

/** A vote stands on a line of its own, and then the message ends there; or at the end of the text. */
const withoutVote = (text: string): { text: string; done: boolean } => {
  const all = text.trim();
  let from = 0;
  for (const line of all.matchAll(doneLine)) {
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
 * Takes out of a message, which is otherwise ready to be said, what it says about the conversation: `[DONE]`, who is next,
 * `(aside to name)`. A message that held nothing else keeps a short text of its own. Empty stays empty. `label`: the member
 * whose name stood in front of the reply.
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
 * What may be shown of a message that is still being written: always a beginning of what `readDirections` will make of
 * the whole. Nothing of an aside is shown.
 */
export const directedSoFar = (line: string, seat: Seat): string => {
  if (beginningOfAside.test(line) || asideStart.test(line)) return '';
  const { text } = withoutVote(line.replace(bareDone, '').replace(beginningOfDone, ''));
  return moderates(seat) ? unpickedSoFar(text, peersIn(seat)) : text;
};
