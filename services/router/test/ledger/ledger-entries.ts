import type { Entry, EntryOf, Limits } from '@parley/protocol';

export const limits: Limits = {
  maxTurns: 40,
  maxDurationMs: 0,
  stopPhrases: [],
  maxAttempts: 5,
  onFailure: 'end',
  turnDeadlineMs: 60_000,
};

export const opened = (at = 1_000): EntryOf<'opened'> => ({
  type: 'opened',
  seq: 1,
  at,
  by: 'alice',
  members: ['alice', 'bob'],
  policy: 'addressed',
  limits,
  floor: ['alice'],
});

/** Lines by alice and bob in turn, with `seq` from `from` to `to`. */
export const lines = (from: number, to: number, text = 'a line'): EntryOf<'said'>[] =>
  Array.from({ length: to - from + 1 }, (_, index) => {
    const seq = from + index;
    const [speaker, other] = seq % 2 === 0 ? (['alice', 'bob'] as const) : (['bob', 'alice'] as const);
    return {
      type: 'said',
      seq,
      at: 1_000 + seq,
      turn: seq - 1,
      from: speaker,
      target: other,
      text: `${text} ${seq}`,
      floor: [other],
    };
  });

export const ended = (seq: number, at = 1_000 + seq): EntryOf<'ended'> => ({
  type: 'ended',
  seq,
  at,
  reason: 'operator',
});

export const forked = (conversation: string, seq: number): EntryOf<'forked'> => ({
  type: 'forked',
  seq: seq + 1,
  at: 5_000,
  by: 'alice',
  parent: { conversation, seq },
  limits,
  floor: ['alice'],
});

/** A whole conversation of `length` entries that has ended. */
export const finished = (length: number, endedAt?: number): Entry[] => [
  opened(),
  ...lines(2, length - 1),
  ended(length, endedAt),
];
