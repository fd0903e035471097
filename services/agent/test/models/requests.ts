import type { ModelRequest } from '../../src/models/model.ts';

export const requestOf = (more: Partial<ModelRequest> = {}): ModelRequest => ({
  purpose: 'message',
  takeCall: () => true,
  messages: [
    { role: 'system', content: 'You are alice.' },
    { role: 'user', content: 'Hi' },
  ],
  model: undefined,
  seed: undefined,
  session: 'c1',
  maxOutputTokens: undefined,
  signal: new AbortController().signal,
  deadlineAt: Number.POSITIVE_INFINITY,
  ...more,
});
