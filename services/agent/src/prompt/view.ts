import { type Line, lastHeard, peersIn, type SaidLine, type TurnContext } from '../memory/turn-context.ts';
import { type ChatMessage, estimateTokens } from '../models/model.ts';
import { policies } from '../policies/policies.ts';
import { neutralised, withoutTemplateTokens } from '../text/peer-text.ts';
import { SpeakerLabels } from '../text/speaker-labels.ts';
import { systemPrompt } from './system-prompt.ts';

/** The approximate number of tokens that a server adds to each message. */
const tokensPerMessage = 4;
/** Stays the same in a conversation, so that servers can cache it. */
const begin = '(The conversation begins.)';
const noAnswer = '(No answer has come yet.)';
const leftOut = '(Earlier messages are left out here.)';

/** The approximate number of tokens of a message. */
export const cost = (message: ChatMessage): number => estimateTokens(message.content) + tokensPerMessage;
const user = (content: string): ChatMessage => ({ role: 'user', content });

/** A name before a line is the name of its speaker. Such a name inside a message must not look like one. */
const withoutLabels = (text: string, members: readonly string[]): string => {
  const labels = new SpeakerLabels(members);
  return text
    .split('\n')
    .map((line) => {
      const label = labels.at(line);
      return label && label.alone !== 'plain'
        ? `“${line.slice(0, label.length).trim()}” ${line.slice(label.length)}`
        : line;
    })
    .join('\n');
};

/**
 * Cache of messages of others as data. A message is in every view until it is dropped, and its text depends only on the members.
 */
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

/** A line as a chat message: own messages have the role `assistant`, all others the role `user`. */
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

/** When not all lines fit, those that are shown take at least this share of the budget. */
const keptShare = 0.5;
/** How often 2 divides a number. Many turns choose the same index with a high power of 2. */
const roundness = (seq: number): number => 31 - Math.clz32(seq & -seq);

/**
 * The index of the first line that is shown. When not all lines fit, it is the index with the highest power of 2 among those that
 * leave at least half of the budget filled. It stays the same for many turns, so that prompts begin with the same text and servers
 * can cache them. The cost depends on the budget, not on the number of lines.
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

/** The messages before the newest lines: the opening, which is never dropped, and the summary of the lines that were left out. */
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

/** How many messages before the end it is announced. More in a group, where not every member speaks again. */
const announced = ({ members }: TurnContext): number => Math.min(members.length, 3);

const ending = (context: TurnContext): ChatMessage[] => {
  const { turns } = context.remaining;
  if (turns === undefined || turns > announced(context)) return [];
  const few = turns <= 1 ? 'This is the last message' : `Only ${turns} messages are left`;
  return [user(`(${few}: bring it to a close.)`)];
};

/** The instruction at the end of the prompt. Weak models need it to know which member they are. */
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

/** The approximate number of tokens of the instruction at the end. */
const cueTokens = 30;

/** The budget for lines: what the fixed parts of the prompt leave. */
export const budgetForLines = (context: TurnContext, budgetTokens: number): number => {
  const always = [...(context.opening ? [asMessage(context.opening, context)] : []), ...summaryOf(context)];
  const system: ChatMessage = { role: 'system', content: systemPrompt(context) };
  return budgetTokens - cueTokens - [system, ...always].reduce((sum, message) => sum + cost(message), 0);
};

/**
 * The conversation as chat messages in the form that strict servers require: one system message, then user and assistant
 * alternately, a user first and a user last, none empty. Own messages have the role `assistant`. Within `budgetTokens` it holds the
 * system prompt, the opening, the own summary, and the newest lines that fit. The last line is always included.
 */
export const buildView = (context: TurnContext, budgetTokens: number): ChatMessage[] => {
  const system: ChatMessage = { role: 'system', content: systemPrompt(context) };
  const { messages, index } = newest(context, budgetForLines(context, budgetTokens));
  const told = [...before(context, index), ...messages];
  if (told[0]?.role !== 'user') told.unshift(user(begin));
  if (told.at(-1)?.role === 'assistant') told.push(user(noAnswer));
  return [system, ...merged([...told, ...ending(context)])];
};

/** The view with the instruction to write the next message. */
export const cued = (context: TurnContext, budgetTokens: number): ChatMessage[] =>
  reminded(buildView(context, budgetTokens), cue(context));

/** The same messages with an instruction of Parley at the end, which is not recorded. */
export const reminded = (messages: readonly ChatMessage[], reminder: string): ChatMessage[] =>
  merged([...messages, user(reminder)]);
