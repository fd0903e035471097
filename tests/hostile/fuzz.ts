import { RawPeer, wsFrame } from '../harness/raw-peer.ts';
import { type Dialect, headersOf } from './case.ts';

type Random = () => number;

const pick = <T>(random: Random, all: readonly T[]): T => all[Math.floor(random() * all.length)] as T;

const names = ['ada', 'ben', 'cleo', 'dan'];

/** Lawful frames that the mutations start from. */
const lawful: Readonly<Record<Dialect, readonly object[]>> = {
  plain: [
    { type: 'register', name: 'ada' },
    { target: 'ben', text: 'what a day' },
    { target: 'cleo', text: 'ä\u0000\u2028😀' },
    { type: 'ping' },
  ],
  v1: [
    { type: 'register', name: 'ada', capacity: 2, working: [{ conversation: 'c1', turn: 1 }] },
    { type: 'open', ref: 'r', members: ['ben', 'cleo'], policy: 'round-robin', topic: 't', resume: true },
    { type: 'open', ref: 'r', members: ['dan'], limits: { maxTurns: 3, stopPhrases: ['the end'] } },
    {
      type: 'say',
      conversation: 'c1',
      turn: 1,
      text: 'hi',
      target: 'ben',
      usage: { inputTokens: 1, outputTokens: 2 },
    },
    { type: 'say', conversation: 'c1', text: 'hi', ref: 'r' },
    { type: 'pass', conversation: 'c1', turn: 1, reason: 'declined', detail: 'd' },
    { type: 'chunk', conversation: 'c1', turn: 1, text: 'part' },
    { type: 'history', conversation: 'c1', since: 0, follow: true },
    { type: 'ping' },
  ],
};

const tokens = [
  'null',
  '[]',
  '{}',
  '-1',
  '1e308',
  '""',
  'true',
  '"\\ud800"',
  '__proto__',
  'constructor',
  '\\u0000',
  '}',
  '[[[[',
];

/** Each makes another text of one; a text stays a text. */
const mutations: readonly ((text: string, random: Random) => string)[] = [
  (text, random) => text.slice(0, Math.floor(random() * text.length)),
  (text, random) => {
    const at = Math.floor(random() * text.length);
    return text.slice(0, at) + String.fromCharCode(32 + Math.floor(random() * 95)) + text.slice(at + 1);
  },
  (text, random) => {
    const at = Math.floor(random() * text.length);
    return text.slice(0, at) + pick(random, tokens) + text.slice(at);
  },
  (text, random) => text.replace(/:("[^"]*"|\d+|\[[^\]]*\])/, () => `:${pick(random, tokens)}`),
  (text, random) => {
    const from = Math.floor(random() * text.length);
    return text + text.slice(from);
  },
  (text, random) => text.replaceAll('"', () => (random() < 0.1 ? "'" : '"')),
  (text, random) => text.replace(/[a-z]{3,}/, () => 'k'.repeat(Math.floor(random() ** 4 * 20_000))),
  (text) => text,
];

const fuzzedText = (dialect: Dialect, random: Random): string => {
  let text = JSON.stringify(pick(random, lawful[dialect]));
  const times = 1 + Math.floor(random() * 3);
  for (let i = 0; i < times; i++) text = pick(random, mutations)(text, random);
  return text;
};

/** Bytes that a WebSocket is expected to close over: broken headers, broken UTF-8, noise. */
const fatal = (random: Random): Buffer => {
  const noise = Buffer.from(
    Array.from({ length: 1 + Math.floor(random() * 40) }, () => Math.floor(random() * 256)),
  );
  return random() < 0.5
    ? noise
    : wsFrame(noise, {
        opcode: Math.floor(random() * 16),
        fin: random() < 0.5,
        rsv: Math.floor(random() * 8),
        mask: random() < 0.7,
      });
};

const perConnection = 250;

/** The frames of one connection. Resolves when the router has read them and the connection has ended, or at `stop`. */
const burst = async (
  port: number,
  worker: number,
  frames: number,
  random: Random,
  stop?: AbortSignal,
): Promise<number> => {
  const dialect = random() < 0.5 ? 'plain' : 'v1';
  const peer = await RawPeer.webSocket(port, headersOf(dialect));
  const parts: Buffer[] = [];
  // Without a name nearly everything is refused early; with one it gets as far as the core.
  if (random() < 0.8)
    parts.push(
      wsFrame(JSON.stringify({ type: 'register', name: `${pick(random, names)}-${dialect}-${worker}` })),
    );
  while (parts.length < frames) {
    parts.push(wsFrame(fuzzedText(dialect, random)));
  }
  parts.push(random() < 0.3 ? fatal(random) : wsFrame(Buffer.from([3, 232]), { opcode: 8 }));
  peer.write(...parts, wsFrame(Buffer.from([3, 232]), { opcode: 8 }));
  // The router reads large frames slowly, so that a burst can take half a minute.
  const cut = () => peer.destroy();
  stop?.addEventListener('abort', cut);
  if (stop?.aborted) cut();
  await peer.over(60_000);
  stop?.removeEventListener('abort', cut);
  peer.destroy();
  return parts.length;
};

export interface FuzzOptions {
  readonly port: number;
  readonly frames: number;
  readonly random: Random;
  readonly workers?: number;
  /** Ends the connections and stops before all frames are sent. */
  readonly stop?: AbortSignal;
}

/** Sends at least `frames` fuzzed frames and returns how many. Rejects when the router stops answering. */
export const fuzz = async ({ port, frames, random, workers = 8, stop }: FuzzOptions): Promise<number> => {
  let sent = 0;
  const work = async (_: unknown, worker: number) => {
    while (sent < frames && !stop?.aborted) {
      const more = await burst(port, worker, perConnection, random, stop);
      sent += more;
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  return sent;
};
