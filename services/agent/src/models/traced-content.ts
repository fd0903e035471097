import { type Attributes, genAi } from '@parley/runtime';
import { spoken } from '../text/reasoning.ts';
import type { ChatMessage, ModelReply } from './model.ts';

/** Characters of one text, and of all messages together: a span is no archive. */
const longestText = 16_000;
const mostCharacters = 64_000;

const part = (content: string) => ({ type: 'text', content: content.slice(0, longestText) });

/** The newest messages that fit, oldest first; at least one. */
const newest = (messages: readonly ChatMessage[]): readonly ChatMessage[] => {
  let left = mostCharacters;
  const first = messages.findLastIndex(({ content }) => {
    left -= Math.min(content.length, longestText);
    return left < 0;
  });
  return messages.slice(Math.min(first + 1, messages.length - 1));
};

/** What the model is sent, as the GenAI conventions write it. */
export const inputContent = (messages: readonly ChatMessage[]): Attributes => {
  const system = messages.filter(({ role }) => role === 'system');
  const others = messages.filter(({ role }) => role !== 'system');
  return {
    ...(system.length > 0 && {
      [genAi.systemInstructions]: JSON.stringify(system.map(({ content }) => part(content))),
    }),
    [genAi.inputMessages]: JSON.stringify(
      newest(others).map(({ role, content }) => ({ role, parts: [part(content)] })),
    ),
  };
};

/** What the model answered, without its reasoning: that never leaves the agent. */
export const outputContent = ({ text, finish }: Extract<ModelReply, { kind: 'text' }>): Attributes => ({
  [genAi.outputMessages]: JSON.stringify([
    {
      role: 'assistant',
      parts: [part(spoken(text))],
      ...(finish !== undefined && { finish_reason: finish }),
    },
  ]),
});
