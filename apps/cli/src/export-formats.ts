import type { Entry, EntryOf } from '@parley/protocol';
import { endingText, totals } from './terminal/ending-text.ts';
import { harmless, jsonText } from './terminal/terminal.ts';
import { told } from './terminal/transcript.ts';

/**
 * Converts a conversation to the format of another tool. `as`: the member whose messages are those of the assistant. For a format
 * of one `perspective`, the entries are those that this member may see.
 */
export type Format = (entries: readonly Entry[], as: string) => string;

/** Formats that show a conversation from the perspective of one member. */
export const perspectives: ReadonlySet<string> = new Set(['sharegpt', 'openai']);

interface Message {
  readonly mine: boolean;
  readonly text: string;
}

const isSaid = (entry: Entry): entry is EntryOf<'said'> => entry.type === 'said';

const openedOf = (entries: readonly Entry[]): EntryOf<'opened'> | undefined =>
  entries.find((entry) => entry.type === 'opened');

/**
 * The conversation from the perspective of one member: its own messages and those of the others alternate. The others have names
 * when there are several. Consecutive messages of one side are joined.
 */
const seenBy = (entries: readonly Entry[], as: string): Message[] => {
  const said = entries.filter(isSaid);
  const others = new Set(said.map(({ from }) => from).filter((name) => name !== as));
  const messages: Message[] = [];
  for (const { from, text } of said) {
    const mine = from === as;
    const line = mine || others.size < 2 ? text : `[${from}] ${text}`;
    const last = messages.at(-1);
    if (last?.mine === mine) messages.splice(-1, 1, { mine, text: `${last.text}\n\n${line}` });
    else messages.push({ mine, text: line });
  }
  return messages;
};

const json = (value: unknown): string => `${jsonText(value)}\n`;

/** Every entry of the ledger, one per line. */
const jsonl: Format = (entries) => entries.map(json).join('');

const markdown: Format = (entries) => {
  const opened = openedOf(entries);
  const ended = entries.find((entry) => entry.type === 'ended');
  const lines = entries.flatMap((entry) => {
    if (isSaid(entry)) return [`**${entry.from}:** ${entry.text}`];
    const text = told(entry);
    return text ? [`_${text}_`] : [];
  });
  const title = opened?.topic ?? `A conversation of ${opened?.members.join(', ')}`;
  const started = opened ? `${new Date(opened.at).toISOString()} · ` : '';
  const end = ended ? `Ended: ${endingText(ended)}` : 'Not ended.';
  // People may read it in a terminal, so control characters are removed.
  return harmless(
    `# ${title.replaceAll('\n', ' ')}\n\n${started}${totals(entries)}\n\n${lines.join('\n\n')}\n\n---\n\n${end}\n`,
  );
};

/** One conversation in the format of ShareGPT data sets. */
const sharegpt: Format = (entries, as) =>
  json({
    conversations: seenBy(entries, as).map(({ mine, text }) => ({
      from: mine ? 'gpt' : 'human',
      value: text,
    })),
  });

/** One line of a fine-tuning file for the Chat Completions API. */
const openai: Format = (entries, as) => {
  const topic = openedOf(entries)?.topic;
  const system = topic ? [{ role: 'system', content: `The topic: ${topic}` }] : [];
  const messages = seenBy(entries, as).map(({ mine, text }) => ({
    role: mine ? 'assistant' : 'user',
    content: text,
  }));
  return json({ messages: [...system, ...messages] });
};

export const formats: ReadonlyMap<string, Format> = new Map(
  Object.entries({ jsonl, markdown, sharegpt, openai }),
);
