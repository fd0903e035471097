import type { ChatMessage } from '../models/model.ts';
import { reminded } from '../prompt/view.ts';
import { sanitise } from '../text/sanitise.ts';

const question = [
  '(Do not speak yet. How much do you want to speak next?',
  'Answer with one number from 0, not at all, to 100, at once; nothing but the number.)',
].join(' ');

/** Enough for a number and a few words around it. */
export const bidTokens = 16;

const questionAgain =
  '(Your last answer held no number. How much do you want to speak next, from 0 to 100? Write the number alone.)';

/** The view with the question how much the agent wants the floor. */
export const askForBid = (messages: readonly ChatMessage[]): ChatMessage[] => reminded(messages, question);

/** Repeats the question after an answer without a number. */
export const askForBidAgain = (messages: readonly ChatMessage[]): ChatMessage[] =>
  reminded(messages, questionAgain);

const scales = /\b[01]\s*(?:to|-|–|and|through)\s*10{1,2}\b/gi;
const outOf = /(\d+(?:[.,]\d+)?)\s*(?:\/|out of|of)\s*(10{1,2})\b/i;
const atStart = /^[\s\p{P}\p{S}]*?(-?\d+(?:[.,]\d+)?)/u;
const anywhere = /(?<![\w.,])-?\d+(?:[.,]\d+)?/g;

const units = 'zero one two three four five six seven eight nine ten'.split(' ');
const tens = 'zero ten twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');
const inWords = new Map([
  ...units.map((word, value): [string, number] => [word, value]),
  ...tens.map((word, value): [string, number] => [word, 10 * value]),
  ['fifteen', 15],
  ['hundred', 100],
]);

/** Words that models write instead of the number 0. */
const refusing =
  /\b(?:rather not|not at all|nothing to (?:say|add)|no (?:need|desire|wish)|(?:do not|don't|don’t) (?:want|wish|need)|i (?:will |would )?pass)\b/i;
const eager = /\b(?:very much|right away|at once|immediately|absolutely|definitely)\b/i;
const worded = (text: string): number | undefined =>
  refusing.test(text) ? 0 : eager.test(text) ? 90 : undefined;

const bounded = (score: number): number => Math.round(Math.min(100, Math.max(0, score)));
const numeric = (text: string): number => Number(text.replace(',', '.'));

/** The last number that is written in words: `seventy`, `seventy-five`, `one hundred`. */
const spelled = (text: string): number | undefined => {
  let last: number | undefined;
  let run: number | undefined;
  for (const word of text.toLowerCase().split(/[^a-z]+/)) {
    const value = inWords.get(word);
    if (value === undefined) run = undefined;
    else run = value === 100 ? 100 : value + (run !== undefined && run >= 20 && value < 10 ? run : 0);
    last = run ?? last;
  }
  return last;
};

/** Converts digits of any script to ASCII digits. */
const inAscii = (text: string): string =>
  text.normalize('NFKC').replace(/[٠-٩۰-۹०-९๐-๙]/g, (digit) => {
    const zeros = '٠۰०๐';
    const zero = [...zeros].findLast((one) => one <= digit) ?? '٠';
    return String(digit.charCodeAt(0) - zero.charCodeAt(0));
  });

/**
 * The number in the answer of a model, from 0 to 100: `85`, `**85**.`, `85/100`, `7 out of 10`, `I'd say 70`, `seventy`. Words that
 * mean "very much" or "not at all" are read too. Undefined when the answer has neither.
 */
export const readBid = (raw: string): number | undefined => {
  const text = inAscii(sanitise(raw, { self: '', others: [], maxLength: 1_000 })).replace(scales, ' ');
  const share = outOf.exec(text);
  if (share) return bounded((100 * numeric(share[1]!)) / Number(share[2]));
  const first = atStart.exec(text)?.[1] ?? text.match(anywhere)?.at(-1);
  const score = first === undefined ? (spelled(text) ?? worded(text)) : numeric(first);
  return score === undefined ? undefined : bounded(score);
};
