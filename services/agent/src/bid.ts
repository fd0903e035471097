import type { ChatMessage } from './models/model.ts';
import { sanitise } from './sanitise.ts';
import { reminded } from './view.ts';

const question = [
  '(Do not speak yet. How much do you want to speak next?',
  'Answer with one number from 0, not at all, to 100, at once; nothing but the number.)',
].join(' ');

/** Enough for a number, and for the little that some models put around it. */
export const bidTokens = 16;

/** The view, with the question how much the agent wants the floor. */
export const askForBid = (messages: readonly ChatMessage[]): ChatMessage[] => reminded(messages, question);

const scales = /\b[01]\s*(?:to|-|–|and|through)\s*10{1,2}\b/gi;
const outOf = /(\d+(?:[.,]\d+)?)\s*(?:\/|out of|of)\s*(10{1,2})\b/i;
const atStart = /^[\s\p{P}\p{S}]*?(-?\d+(?:[.,]\d+)?)/u;
const anywhere = /(?<![\w.,])-?\d+(?:[.,]\d+)?/g;

const bounded = (score: number): number => Math.round(Math.min(100, Math.max(0, score)));
const numeric = (text: string): number => Number(text.replace(',', '.'));

/**
 * The number that a model answered with, from 0 to 100: `85`, `**85**.`, `85/100`, `7 out of 10`, `I'd say 70`.
 * Undefined when there is none.
 */
export const readBid = (raw: string): number | undefined => {
  const text = sanitise(raw, { self: '', others: [], maxLength: 1_000 }).replace(scales, ' ');
  const share = outOf.exec(text);
  if (share) return bounded((100 * numeric(share[1]!)) / Number(share[2]));
  const first = atStart.exec(text)?.[1] ?? text.match(anywhere)?.at(-1);
  return first === undefined ? undefined : bounded(numeric(first));
};
