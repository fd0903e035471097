import { crc32 } from 'node:zlib';
import type { Entry, Limits } from '@parley/protocol';
import type { Conversation } from './core/conversation.ts';
import { evolve } from './core/evolve.ts';
import type { Batch } from './ledger/ledger.ts';

/**
 * How a conversation ended, as text that the ledger keeps beside its entries. It is a cache: what it says can be had from the
 * entries, but in time that grows with their number. Only conversations with more entries than this have one; the
 * others are as quickly replayed.
 */
export const shortConversation = 64;

const mapKey = '$map';
const toJson = (_: string, value: unknown) => (value instanceof Map ? { [mapKey]: [...value] } : value);
const fromJson = (_: string, value: unknown) =>
  typeof value === 'object' && value !== null && mapKey in value
    ? new Map(value[mapKey] as [string, unknown][])
    : value;

const limits: Limits = {
  maxTurns: 0,
  maxDurationMs: 0,
  stopPhrases: [],
  maxAttempts: 2,
  onFailure: 'retry',
  turnDeadlineMs: 1_000,
  maxRepetition: 0.5,
  paceMs: 1,
};
const usage = { inputTokens: 3, outputTokens: 4, model: 'm' };
const steps: readonly Record<string, unknown>[] = [
  {
    type: 'opened',
    by: 'a',
    members: ['a', 'b', 'c'],
    policy: 'open',
    topic: 't',
    moderator: 'a',
    limits,
    floor: ['a'],
  },
  {
    type: 'said',
    turn: 1,
    from: 'a',
    target: 'b',
    text: 'x y z',
    usage,
    cost: 1,
    done: true,
    floor: ['b', 'c'],
  },
  { type: 'said', turn: 2, from: 'b', to: ['c'], text: 'x y z', likeness: 1, farewell: true, floor: ['c'] },
  { type: 'lapsed', turn: 3, from: 'c', cause: 'gone', usage },
  { type: 'passed', turn: 3, from: 'c', reason: 'declined', floor: ['a', 'b'], bidding: true },
  { type: 'bid', turn: 4, from: 'a', score: 5, floor: ['b'], bidding: true },
  { type: 'noted', by: 'a', to: ['b'], kind: 'nudge', text: 'n' },
  { type: 'summarised', who: 'b', through: 2, text: 's' },
  { type: 'joined', who: 'd', history: false },
  { type: 'left', who: 'c' },
  { type: 'seated', who: 'b', by: 'op' },
  { type: 'unseated', who: 'b', by: 'op' },
  { type: 'recast', by: 'op', role: { name: 'b', persona: 'p' } },
  { type: 'paused', by: 'op' },
  { type: 'resumed', by: 'op', lines: 3 },
  {
    type: 'forked',
    by: 'op',
    parent: { conversation: 'p', seq: 15 },
    cast: [{ name: 'a' }],
    limits,
    floor: ['a'],
  },
  { type: 'ended', reason: 'operator', detail: 'd' },
];

/** What this version makes of some entries: another version that makes something else of them has another one. */
let version: number | undefined;
const versionOf = (): number => {
  let state: Conversation | undefined;
  for (const [index, step] of steps.entries())
    state = evolve(state, { ...step, seq: index + 1, at: 1_000 + index } as Entry, 'c');
  return crc32(JSON.stringify(state, toJson));
};

/** Nothing is compared with what was said any more, so the fingerprints of messages are left out. */
export const finalText = (state: Conversation): string => {
  version ??= versionOf();
  return JSON.stringify({ version, state: { ...state, recent: [] } }, toJson);
};

/** Undefined when it is not of this version: then the entries are read instead. */
export const finalState = (text: string): Conversation | undefined => {
  version ??= versionOf();
  const kept = JSON.parse(text, fromJson) as { version: number; state: Conversation };
  return kept.version === version ? kept.state : undefined;
};

/** The batch with how the conversation ended, where it ends a long one. */
export const withFinal = (batch: Batch, state: Conversation | undefined): Batch =>
  state?.status.state === 'ended' && state.seq > shortConversation
    ? { ...batch, final: finalText(state) }
    : batch;
