import { jsonText } from '../terminal/terminal.ts';
import { castOf, type Exported, type ExportFormat } from './exported.ts';

interface Message {
  readonly mine: boolean;
  readonly text: string;
}

/** Formats of training data show no more than the member itself heard. */
const memberOf = ({ as, view }: Exported): string => as ?? view.by;

/**
 * The conversation as one member took part in it: messages of the others between its own, with names before them when there
 * are several others. Neighbours of one side are one message.
 */
const seenBy = (exported: Exported): Message[] => {
  const as = memberOf(exported);
  const others = new Set(
    exported.entries.flatMap((entry) => (entry.type === 'said' && entry.from !== as ? [entry.from] : [])),
  );
  const messages: Message[] = [];
  const add = (mine: boolean, text: string) => {
    const last = messages.at(-1);
    if (last?.mine === mine) messages.splice(-1, 1, { mine, text: `${last.text}\n\n${text}` });
    else messages.push({ mine, text });
  };
  for (const entry of exported.entries) {
    if (entry.type === 'said') {
      const mine = entry.from === as;
      add(mine, mine || others.size < 2 ? entry.text : `[${entry.from}] ${entry.text}`);
    } else if (entry.type === 'noted') add(false, `[${entry.by}, to you alone] ${entry.text}`);
  }
  return messages;
};

/** Persona and topic, as the agent of the member is told them; undefined where it has neither. */
const systemText = (exported: Exported): string | undefined => {
  const persona = castOf(exported.entries).get(memberOf(exported))?.persona;
  const { topic } = exported.view;
  const text = [persona, topic && `The topic: ${topic}`].filter(Boolean).join('\n\n');
  return text === '' ? undefined : text;
};

/** One conversation of a ShareGPT data set. Programs that train with it expect a human before the first answer. */
export const sharegpt: ExportFormat = {
  about: 'training data, one example a line, as one member saw it',
  isPerspective: true,
  one(exported) {
    const messages = seenBy(exported);
    const system = systemText(exported);
    const opener = messages[0]?.mine ? [{ mine: false, text: exported.view.topic ?? 'Begin.' }] : [];
    const value = {
      id: exported.view.id,
      conversations: [
        ...(system === undefined ? [] : [{ from: 'system', value: system }]),
        ...[...opener, ...messages].map(({ mine, text }) => ({ from: mine ? 'gpt' : 'human', value: text })),
      ],
    };
    return `${jsonText(value)}\n`;
  },
};

/** One line of a fine-tuning file for the Chat Completions API, which refuses a line without an answer. */
export const openai: ExportFormat = {
  about: 'the same for fine-tuning at OpenAI',
  isPerspective: true,
  leavesOut: (exported) => seenBy(exported).every(({ mine }) => !mine),
  one(exported) {
    const system = systemText(exported);
    const messages = seenBy(exported).map(({ mine, text }) => ({
      role: mine ? 'assistant' : 'user',
      content: text,
    }));
    return `${jsonText({ messages: [...(system === undefined ? [] : [{ role: 'system', content: system }]), ...messages] })}\n`;
  },
};
