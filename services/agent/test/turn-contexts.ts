import type { Entry, limits } from '@parley/protocol';
import type { Line, SaidLine, TurnContext } from '../src/memory/turn-context.ts';

export const said = (seq: number, from: string, text: string): SaidLine => ({
  kind: 'said',
  seq,
  from,
  text,
});

/** A context of alice's; the lines are `[from, text]`, seq counts from 2. */
export const contextOf = (
  spoken: readonly (readonly [string, string])[],
  more: Partial<TurnContext> = {},
): TurnContext => {
  const lines: Line[] = spoken.map(([from, text], index) => said(index + 2, from, text));
  return {
    self: 'alice',
    persona: undefined,
    model: undefined,
    policy: 'addressed',
    moderator: undefined,
    quorum: undefined,
    seed: undefined,
    lapses: [],
    summary: undefined,
    noted: false,
    trustsPeers: false,
    conversation: 'c1',
    topic: undefined,
    members: ['alice', 'bob'],
    left: [],
    stopPhrases: [],
    turn: spoken.length + 1,
    remaining: {},
    opening: lines[0] as SaidLine | undefined,
    lines,
    ...more,
  };
};

export const openedEntry = (members: readonly string[] = ['alice', 'bob'], more: object = {}): Entry => ({
  type: 'opened',
  seq: 1,
  at: 0,
  by: members[0]!,
  members,
  policy: 'addressed',
  limits: {
    maxTurns: 40,
    maxDurationMs: 0,
    stopPhrases: [],
    maxAttempts: 5,
    onFailure: 'end',
    turnDeadlineMs: 120_000,
  } satisfies Parameters<typeof limits.pick>[0],
  floor: [members[0]!],
  ...more,
});

export const saidEntry = (seq: number, from: string, text: string, turn = seq - 1): Entry => ({
  type: 'said',
  seq,
  at: 0,
  turn,
  from,
  text,
  floor: [],
});
