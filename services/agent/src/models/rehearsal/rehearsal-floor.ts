import { fnv1a } from '@parley/text';
import { peersIn, type TurnContext } from '../../memory/turn-context.ts';
import { policies } from '../../policies/policies.ts';
import { moderates } from '../../policies/policy.ts';

/** Number of messages after which a rehearsal without a limit on turns no longer bids for the floor. */
const talkedOut = 24;

const spoken = ({ lines }: TurnContext) => lines.filter((line) => line.kind === 'said');

/** Whether it votes to end: only when the conversation asks for votes or another member has voted. */
export const votesToEnd = (context: TurnContext): boolean => {
  const { remaining, members, quorum, self } = context;
  const { turns } = remaining;
  if (moderates(context)) return turns !== undefined && turns <= 2 && spoken(context).length > 0;
  if (quorum === 0) return false;
  const last = spoken(context).at(-1);
  if (last?.done && last.from !== self) return true;
  return quorum !== undefined && turns !== undefined && turns <= 2 * members.length;
};

/** The present member that has been silent longest. */
const mostSilent = (context: TurnContext): string | undefined => {
  const lastLine = (name: string) =>
    context.lines.findLastIndex((line) => 'from' in line && line.from === name);
  const [first, ...rest] = peersIn(context);
  return rest.reduce((best, name) => (lastLine(name) < lastLine(best ?? name) ? name : best), first);
};

/** The text after the message: the next speaker and the vote. */
export const gesture = (context: TurnContext, seed: number): string => {
  if (votesToEnd(context)) return '\n[DONE]';
  if (!policies[context.policy].rehearsalNamesNext(context)) return '';
  const name = mostSilent(context);
  if (name === undefined) return '';
  const ways = [`What do you say, @${name}?`, `Your turn, @${name}.`, `And you, @${name}?`];
  return ` ${ways[fnv1a(`${seed}|${context.turn}`) % ways.length]}`;
};

/** 0 to 100: the longer it has been silent, the more it wants to speak. */
export const rehearsedBid = (context: TurnContext, seed: number): number => {
  const { self, turn, remaining } = context;
  const lines = spoken(context);
  if (remaining.turns === undefined && lines.length >= talkedOut) return 0;
  const mine = lines.findLastIndex(({ from }) => from === self);
  const silent = lines.length - 1 - mine;
  const named = lines.at(-1)?.text.includes(self) ? 15 : 0;
  return Math.min(100, 10 + (fnv1a(`bid|${seed}|${self}|${turn}`) % 35) + named + Math.min(40, 10 * silent));
};

/** The summary of a rehearsal: the first sentence of the last message of each member in the given transcript. */
export const rehearsedSummary = (transcript: string, context: TurnContext): string => {
  const notes = context.members.map((name) => {
    const last = transcript
      .split('\n')
      .findLast((line) => line.startsWith(`${name}: `))
      ?.slice(name.length + 2);
    return last && `${name} said: ${/^.*?[.!?](?= |$)/.exec(last)?.[0] ?? last.slice(0, 120)}`;
  });
  return notes.filter(Boolean).join('\n') || 'Nothing of note.';
};
