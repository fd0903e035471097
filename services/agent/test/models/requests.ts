import type { ModelRequest } from '../../src/models/model.ts';
import { sceneOf } from '../turn-contexts.ts';

export const requestOf = (more: Partial<ModelRequest> = {}): ModelRequest => ({
  purpose: 'line',
  takeCall: () => true,
  messages: [
    { role: 'system', content: 'You are alice.' },
    { role: 'user', content: 'Hi' },
  ],
  context: sceneOf([['bob', 'Hi']]),
  maxOutputTokens: undefined,
  attempt: 0,
  signal: new AbortController().signal,
  deadlineAt: Number.POSITIVE_INFINITY,
  ...more,
});
