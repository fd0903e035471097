import { crc32 } from 'node:zlib';
import type { Entry, Limits } from '@parley/protocol';
import manifest from '../../../package.json' with { type: 'json' };
import type { Conversation } from '../../core/conversation.ts';
import { evolve } from '../../core/evolve.ts';

type Coded = { readonly $map: [unknown, unknown][] } | { readonly $u32: string };

const code = (_: string, value: unknown): unknown => {
  if (value instanceof Map) return { $map: [...value] } satisfies Coded;
  if (!(value instanceof Uint32Array)) return value;
  const { buffer, byteOffset, byteLength } = value;
  return { $u32: Buffer.from(buffer, byteOffset, byteLength).toString('base64') } satisfies Coded;
};

const decode = (_: string, value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  if ('$map' in value) return new Map((value as Extract<Coded, { $map: unknown }>).$map);
  if (!('$u32' in value)) return value;
  const bytes = Buffer.from((value as Extract<Coded, { $u32: unknown }>).$u32, 'base64');
  return new Uint32Array(new Uint8Array(bytes).buffer);
};

/** A state as JSON text. Peers choose no keys in a state, so `$map` and `$u32` are never theirs. */
export const encodeState = (state: Conversation): string => JSON.stringify(state, code);

/** Undefined when it cannot be read. */
export const decodeState = (body: string): Conversation | undefined => {
  try {
    return JSON.parse(body, decode) as Conversation;
  } catch {
    return undefined;
  }
};

const limits: Limits = {
  maxTurns: 9,
  maxDurationMs: 9,
  stopPhrases: ['x'],
  maxAttempts: 1,
  onFailure: 'skip',
  turnDeadlineMs: 100,
  maxRepetition: 1,
  maxTokensPerMinute: 1,
};
const usage = { inputTokens: 1, outputTokens: 1 };
const role = { name: 'a', persona: 'x', model: 'x' };
const text = 'one two three four five six';
const said = {
  type: 'said',
  text,
  to: ['b'],
  done: true,
  usage,
  cost: 1,
  likeness: 1,
  farewell: true,
} as const;
/** Entries that change every part of a state. */
const sample: readonly Entry[] = [
  {
    ...{ type: 'opened', seq: 1, at: 1, by: 'a', members: ['a', 'b', 'c'], policy: 'volunteer', topic: 'x' },
    ...{ moderator: 'a', cast: [role], hears: [{ from: 'a', to: ['b'] }], seed: 1, labels: ['x'], limits },
    floor: ['a'],
  },
  { ...said, seq: 2, at: 2, turn: 1, from: 'a', target: 'b', floor: ['b', 'c'], bidding: true },
  { type: 'bid', seq: 3, at: 3, turn: 2, from: 'b', score: 1 },
  { type: 'lapsed', seq: 4, at: 4, turn: 3, from: 'c', cause: 'gone' },
  { type: 'joined', seq: 5, at: 5, who: 'd', history: false },
  { type: 'left', seq: 6, at: 6, who: 'b' },
  { type: 'seated', seq: 7, at: 7, who: 'a', by: 'x' },
  { type: 'resumed', seq: 8, at: 8, by: 'x', lines: 2 },
  { type: 'passed', seq: 9, at: 9, turn: 3, from: 'c', reason: 'declined', floor: ['a'] },
  { type: 'forked', seq: 10, at: 10, by: 'x', parent: { conversation: 'p', seq: 9 }, limits, floor: ['a'] },
  { ...said, seq: 11, at: 11, turn: 4, from: 'a', floor: ['c', 'd'] },
  { type: 'ended', seq: 12, at: 12, reason: 'operator', detail: 'x' },
];

const versionOf = (entries: readonly Entry[]): number => {
  const states: string[] = [];
  let state: Conversation | undefined;
  for (const entry of entries) {
    state = evolve(state, entry, 'c');
    states.push(encodeState(state));
  }
  return crc32(states.join('\n'), crc32(manifest.version));
};

/**
 * The version of checkpoints; those of another version are not used. It changes with each release, and also whenever the
 * sample entries make another state, so that a changed `evolve` never reads a state of the old one.
 */
export const stateVersion = versionOf(sample);
