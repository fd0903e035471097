import type { Entry, EntryOf } from '@parley/protocol';

type Fields<T extends Entry['type']> = Partial<EntryOf<T>>;

const limits = {
  maxTurns: 4,
  maxDurationMs: 0,
  stopPhrases: [],
  maxAttempts: 3,
  onFailure: 'end',
  turnDeadlineMs: 1_000,
} as const;

export const opened = (more: Fields<'opened'> = {}): Entry => ({
  type: 'opened',
  seq: 1,
  at: 1_000,
  by: 'alice',
  members: ['alice', 'bob'],
  policy: 'addressed',
  limits,
  floor: ['alice'],
  ...more,
});

export const said = (seq: number, from: string, text: string, more: Fields<'said'> = {}): Entry => ({
  type: 'said',
  seq,
  at: seq * 1_000,
  turn: seq - 1,
  from,
  text,
  floor: [from === 'alice' ? 'bob' : 'alice'],
  ...more,
});

export const lapsed = (seq: number, from: string): Entry => ({
  type: 'lapsed',
  seq,
  at: seq * 1_000,
  turn: seq - 1,
  from,
  cause: 'model-unauthorized',
  detail: 'wrong key',
});

export const ended = (seq: number): Entry => ({
  type: 'ended',
  seq,
  at: seq * 1_000,
  reason: 'max-turns',
  detail: '4',
});
