import { type Line, lastHeard, peersIn, type SaidLine, type TurnContext } from '../memory/turn-context.ts';
import { type ChatMessage, estimateTokens } from '../models/model.ts';
import { policies } from '../policies/policies.ts';
import { neutralised, withoutTemplateTokens } from '../text/peer-text.ts';
import { SpeakerLabels } from '../text/speaker-labels.ts';
import { systemPrompt } from './system-prompt.ts';

/** What the server adds around each message, about. */
const tokensPerMessage = 4;
/** The same all through the conversation, so that servers can cache it. */
const begin = '(The conversation begins.)';
const noAnswer = '(No answer has come yet.)';
const leftOut = '(Earlier messages are left out here.)';

/** Tokens that a message takes, about. */
export const cost = (message: ChatMessage): number => estimateTokens(message.content) + tokensPerMessage;
const user = (content: string): ChatMessage => ({ role: 'user', content });

/** Names in front of lines are those of speakers; inside of what one of them said they are none. */
const withoutLabels = (text: string, members: readonly string[]): string => {
  const labels = new SpeakerLabels(members);
  return text
    .split('\n')
    .map((line) => {
      const label = labels.at(line);
      return label ? `“${line.slice(0, label.length).trim()}” ${line.slice(label.length)}` : line;
    })
    .join('\n');
};

/** What others said, as data. A message is shown in every view until it falls out of it, and changes with the members only. */
const heard = new WeakMap<SaidLine, { readonly members: number; readonly text: string }>();
const asData = (line: SaidLine, { members }: TurnContext): string => {
  const known = heard.get(line);
  if (known?.members === members.length) return known.text;
  const text = withoutLabels(neutralised(line.text), members);
  heard.set(line, { members: members.length, text });
  return text;
};

const saidMessage = (line: SaidLine, context: TurnContext): ChatMessage => {
  const { from, to, text, done } = line;
  const aside = to ? `(aside to ${to.join(', ')}) ` : '';
  if (from === context.self) {
    return { role: 'assistant', content: aside + (withoutTemplateTokens(text).trim() || '…') };
  }
  const words = (context.trustsPeers ? text : asData(line, context)).trim() || '…';
  const name = context.members.length > 2 ? `${from}: ` : '';
  const vote = done && context.quorum !== 0 ? `\n(${from} votes to end the conversation here.)` : '';
  return user(`${name}${aside}${words}${vote}`);
};

/** A line as a chat message: my own are the assistant's, all else is a user's. */
export const asMessage = (line: Line, context: TurnContext): ChatMessage => {
  const mine = 'who' in line && line.who === context.self;
  switch (line.kind) {
    case 'said':
      return saidMessage(line, context);
    case 'came':
      return user(mine ? '(You join the conversation.)' : `(${line.who} joins the conversation.)`);
    case 'went':
      return user(mine ? '(You leave the conversation.)' : `(${line.who} leaves the conversation.)`);
    case 'passed':
      return user(`(${line.who} passed.)`);
    case 'gap':
      return user(leftOut);
    case 'note': {
      const from = line.about === 'whisper' ? 'the operator' : 'the router';
      const words = withoutTemplateTokens(line.text).trim() || '…';
      return user(`[Private note to ${context.self}] from ${from}: ${words}`);
    }
  }
};

const merged = (messages: readonly ChatMessage[]): ChatMessage[] => {
  const out: ChatMessage[] = [];
  for (const message of messages) {
    const last = out.at(-1);
    if (last?.role === message.role) {
      out[out.length - 1] = { role: last.role, content: `${last.content}\n\n${message.content}` };
    } else out.push(message);
  }
  return out;
};

const costs = new WeakMap<Line, { readonly members: number; readonly tokens: number }>();
const costOf = (line: Line, context: TurnContext): number => {
  const known = costs.get(line);
  if (known?.members === context.members.length) return known.tokens;
  const tokens = cost(asMessage(line, context));
  costs.set(line, { members: context.members.length, tokens });
  return tokens;
};

/** Where lines no longer fit, the rest takes at least this share of the room. */
const keptShare = 0.5;
/** How often 2 divides a number: lines that many turns find alike. */
const roundness = (seq: number): number => 31 - Math.clz32(seq & -seq);

/**
 * The index of the first line that is shown. Where not all fit, it is the one with the roundest number among those that
 * fill half of the room or more: it stays the same for many turns, so that prompts begin alike and servers can cache
 * them. Walks no further back than the room reaches.
 */
const firstShown = (context: TurnContext, tokens: number): number => {
  const { lines, opening, summary } = context;
  const through = summary?.through ?? 0;
  let left = tokens;
  let first = Math.max(0, lines.length - 1);
  let roundest = 0;
  for (let index = lines.length - 1; index >= 0; index--) {
    const line = lines[index]!;
    if (line.seq <= through && index < lines.length - 1) return index + 1;
    if (line.seq !== opening?.seq) left -= costOf(line, context);
    if (left < 0) break;
    const isEnough = tokens - left >= tokens * keptShare;
    if (!isEnough || roundness(line.seq) >= roundest) first = index;
    if (isEnough) roundest = Math.max(roundest, roundness(line.seq));
    if (index === 0) return 0;
  }
  return first;
};

/** The newest lines that fit, oldest first, and the index of the first of them. */
const newest = (context: TurnContext, tokens: number) => {
  const index = firstShown(context, tokens);
  return { messages: context.lines.slice(index).map((line) => asMessage(line, context)), index };
};

const summaryOf = ({ summary }: TurnContext): ChatMessage[] =>
  summary
    ? [user(`(Your own notes of what was said before the lines that follow:\n${neutralised(summary.text)})`)]
    : [];

/** What stands before the newest lines: the opening, which is never dropped, and what is known of the rest. */
const before = (context: TurnContext, index: number): ChatMessage[] => {
  const { opening, summary } = context;
  const oldest = context.lines[index];
  const first = opening && oldest && oldest.seq > opening.seq ? [asMessage(opening, context)] : [];
  const previous = context.lines[index - 1];
  const known = Math.max(summary?.through ?? 0, opening?.seq ?? 0);
  const lost = first.length > 0 && (!previous || previous.seq > known) && !(summary && !previous);
  const gap = lost && oldest?.kind !== 'gap';
  return [...first, ...summaryOf(context), ...(gap ? [user(leftOut)] : [])];
};

/** Messages before the end that are announced: more in a group, for not each of its members has another one. */
const announced = ({ members }: TurnContext): number => Math.min(members.length, 3);

const ending = (context: TurnContext): ChatMessage[] => {
  const { turns } = context.remaining;
  if (turns === undefined || turns > announced(context)) return [];
  const few = turns <= 1 ? 'This is the last message' : `Only ${turns} messages are left`;
  return [user(`(${few}: bring it to a close.)`)];
};

/** The instruction at the end of the prompt: weak models need it to know which member they are. */
const cue = (context: TurnContext): string => {
  const { self, policy, lines } = context;
  const special = policies[policy].cue(context);
  if (special !== undefined) return special;
  const last = lastHeard(context)?.from;
  const peers = peersIn(context);
  const to = last ?? (peers.length === 1 ? peers[0] : undefined);
  const whom = to === undefined ? '' : `, to ${to}`;
  return lines.some(({ kind }) => kind === 'said')
    ? `(Now ${self} speaks${whom}: something of ${self}'s own, not said before.)`
    : `(Now ${self} speaks first${whom}.)`;
};

/** Of the budget, about what the last words take. */
const cueTokens = 30;

/** Tokens that are left for lines once what is always there has its place. */
export const roomForLines = (context: TurnContext, budgetTokens: number): number => {
  const always = [...(context.opening ? [asMessage(context.opening, context)] : []), ...summaryOf(context)];
  const system: ChatMessage = { role: 'system', content: systemPrompt(context) };
  return budgetTokens - cueTokens - [system, ...always].reduce((sum, message) => sum + cost(message), 0);
};

/**
 * The conversation as chat messages, as strict servers want them: one system message, then user and assistant by
 * turns, a user first and a user last, none empty. My lines are the assistant's. Kept to `budgetTokens`: system
 * prompt, opening, my own summary, and the newest lines that fit (the last line always).
 */
export const buildView = (context: TurnContext, budgetTokens: number): ChatMessage[] => {
  const system: ChatMessage = { role: 'system', content: systemPrompt(context) };
  const { messages, index } = newest(context, roomForLines(context, budgetTokens));
  const told = [...before(context, index), ...messages];
  if (told[0]?.role !== 'user') told.unshift(user(begin));
  if (told.at(-1)?.role === 'assistant') told.push(user(noAnswer));
  return [system, ...merged([...told, ...ending(context)])];
};

/** The view, with the words that ask for the next message of the agent. */
export const cued = (context: TurnContext, budgetTokens: number): ChatMessage[] =>
  reminded(buildView(context, budgetTokens), cue(context));

/** The same messages with words of Parley's own at the end; they are not recorded anywhere. */
export const reminded = (messages: readonly ChatMessage[], reminder: string): ChatMessage[] =>
  merged([...messages, user(reminder)]);
