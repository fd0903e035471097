import { type ChatMessage, estimateTokens } from './models/model.ts';
import { neutralised, withoutTemplateTokens } from './peer-text.ts';
import type { Line, SaidLine, Scene } from './scene.ts';
import { systemPrompt } from './system-prompt.ts';

/** What the server adds around each message, about. */
const tokensPerMessage = 4;
/** A longer topic stands in the system prompt only. */
const shortTopic = 300;

/** The same all through the conversation, so that servers can cache it. */
const begin = ({ members, self, topic }: Scene): string => {
  const to = members.length === 2 ? ` to ${members.find((name) => name !== self)}` : '';
  const about = topic !== undefined && topic.length <= shortTopic ? `, about this: ${topic}` : '.';
  return `(You begin. Say your first line${to}${about})`;
};
const goOn = '(Nobody has answered yet. Go on.)';
const leftOut = '(Earlier messages are left out here.)';

/** Tokens that a message takes, about. */
export const cost = (message: ChatMessage): number => estimateTokens(message.content) + tokensPerMessage;
const user = (content: string): ChatMessage => ({ role: 'user', content });

/** What others said, as data. A line is shown in every view until it falls out of it, and never changes. */
const heard = new WeakMap<SaidLine, string>();
const asData = (line: SaidLine): string => {
  const known = heard.get(line) ?? neutralised(line.text);
  heard.set(line, known);
  return known;
};

const saidMessage = (line: SaidLine, scene: Scene): ChatMessage => {
  const { from, to, text, done } = line;
  const aside = to ? `(aside to ${to.join(', ')}) ` : '';
  if (from === scene.self) {
    return { role: 'assistant', content: aside + (withoutTemplateTokens(text).trim() || '…') };
  }
  const words = (scene.trustsPeers ? text : asData(line)).trim() || '…';
  const name = scene.members.length > 2 ? `[${from}] ` : '';
  const vote = done && scene.quorum !== 0 ? `\n(${from} votes to end the conversation here.)` : '';
  return user(`${name}${aside}${words}${vote}`);
};

/** A line as a chat message: my own are the assistant's, all else is a user's. */
export const asMessage = (line: Line, scene: Scene): ChatMessage => {
  const mine = 'who' in line && line.who === scene.self;
  switch (line.kind) {
    case 'said':
      return saidMessage(line, scene);
    case 'came':
      return user(mine ? '(You join the conversation.)' : `(${line.who} joins the conversation.)`);
    case 'went':
      return user(mine ? '(You leave the conversation.)' : `(${line.who} leaves the conversation.)`);
    case 'gap':
      return user(leftOut);
    case 'note': {
      const from = line.about === 'whisper' ? 'the operator' : 'the router';
      const words = withoutTemplateTokens(line.text).trim() || '…';
      return user(`[Private note to ${scene.self}] from ${from}: ${words}`);
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

/** The newest lines that fit, oldest first, and the index of the first of them. Walks no further than that. */
const newest = (scene: Scene, tokens: number) => {
  const messages: ChatMessage[] = [];
  const through = scene.summary?.through ?? 0;
  let left = tokens;
  let index = scene.lines.length;
  while (index > 0) {
    const line = scene.lines[index - 1]!;
    if (line.seq <= through && messages.length > 0) break;
    const message = asMessage(line, scene);
    if (line.seq !== scene.opening?.seq) left -= cost(message);
    if (left < 0 && messages.length > 0) break;
    messages.push(message);
    index -= 1;
  }
  return { messages: messages.reverse(), index };
};

const summaryOf = ({ summary }: Scene): ChatMessage[] =>
  summary
    ? [user(`(Your own notes of what was said before the lines that follow:\n${neutralised(summary.text)})`)]
    : [];

/** What stands before the newest lines: the opening, which is never dropped, and what is known of the rest. */
const before = (scene: Scene, index: number): ChatMessage[] => {
  const { opening, summary } = scene;
  const oldest = scene.lines[index];
  const first = opening && oldest && oldest.seq > opening.seq ? [asMessage(opening, scene)] : [];
  const previous = scene.lines[index - 1];
  const known = Math.max(summary?.through ?? 0, opening?.seq ?? 0);
  const lost = first.length > 0 && (!previous || previous.seq > known) && !(summary && !previous);
  const gap = lost && oldest?.kind !== 'gap';
  return [...first, ...summaryOf(scene), ...(gap ? [user(leftOut)] : [])];
};

const ending = (scene: Scene): ChatMessage[] => {
  const { turns } = scene.remaining;
  if (turns === undefined || turns > scene.members.length) return [];
  const few = turns <= 1 ? 'This is the last line' : `Only ${turns} lines are left`;
  return [user(`(${few}: bring it to a close.)`)];
};

/** Tokens that are left for lines once what is always there has its place. */
export const roomForLines = (scene: Scene, budgetTokens: number): number => {
  const always = [...(scene.opening ? [asMessage(scene.opening, scene)] : []), ...summaryOf(scene)];
  const system: ChatMessage = { role: 'system', content: systemPrompt(scene) };
  return budgetTokens - [system, ...always].reduce((sum, message) => sum + cost(message), 0);
};

/**
 * The conversation as chat messages, as strict servers want them: one system message, then user and assistant by
 * turns, a user first and a user last, none empty. My lines are the assistant's. Kept to `budgetTokens`: system
 * prompt, opening, my own summary, and the newest lines that fit (the last line always).
 */
export const buildView = (scene: Scene, budgetTokens: number): ChatMessage[] => {
  const system: ChatMessage = { role: 'system', content: systemPrompt(scene) };
  const { messages, index } = newest(scene, roomForLines(scene, budgetTokens));
  const told = [...before(scene, index), ...messages];
  if (told[0]?.role !== 'user') told.unshift(user(begin(scene)));
  if (told.at(-1)?.role === 'assistant') told.push(user(goOn));
  return [system, ...merged([...told, ...ending(scene)])];
};

/** The same messages with a word from the narrator at the end; it is not recorded anywhere. */
export const reminded = (messages: readonly ChatMessage[], reminder: string): ChatMessage[] =>
  merged([...messages, user(reminder)]);
