import type { ModelReply } from '../../models/model.ts';
import { spoken } from '../../text/reasoning.ts';

type Text = Extract<ModelReply, { kind: 'text' }>;

/** Why a reply contains no message, in words for the operator. */
export const whyNothing = ({ text, reasoned, finish, usage }: Text, limit: number | undefined): string => {
  const thought = reasoned === true || (text.trim() !== '' && spoken(text).trim() === '');
  if (finish === 'length') {
    const tokens = limit ?? usage.outputTokens;
    return thought
      ? `cut off at ${tokens} tokens while it thought: raise AGENT_MAX_TOKENS`
      : `cut off at ${tokens} tokens before anything could be said: raise AGENT_MAX_TOKENS`;
  }
  return thought
    ? 'only reasoning came, and nothing that can be said'
    : 'the model said nothing that can be said';
};
