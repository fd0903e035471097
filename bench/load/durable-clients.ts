import { subprotocol } from '@parley/protocol';
import { connectRaw, type RawClient, textFrame } from './websocket.ts';

/**
 * Scripted `parley.v1` agents in pairs with running conversations. Each answers a granted turn at once. Counts turns, and the time
 * from an answer to the grant of the next turn of the conversation.
 */
export interface DurableLoad {
  port: number;
  /** A part of the names of the agents of this process, so that names of several processes differ. */
  name: string;
  pairs: number;
  conversations: number;
  /** Characters of `text`. */
  characters: number;
}
export interface DurableResult {
  turns: number;
  /** Milliseconds from an answer to the next grant. */
  p50: number;
  p99: number;
}

const load = JSON.parse(process.argv[2]!) as DurableLoad;
const text = 'x'.repeat(load.characters);
const turnMark = 't'.charCodeAt(0);
const refusedMark = 'r'.charCodeAt(0);
/** `{"type":"turn","conversation":"` */
const idStart = 31;

let turns = 0;
let isCounting = false;
let latencies: number[] = [];
const answeredAt = new Map<string, number>();
const started = new Set<string>();

const answer = (head: string): Buffer => {
  const id = head.slice(idStart, head.indexOf('"', idStart));
  const at = head.indexOf('"turn":', idStart) + 7;
  const turn = Number.parseInt(head.slice(at), 10);
  const now = performance.now();
  const before = answeredAt.get(id);
  if (isCounting) {
    turns++;
    if (before !== undefined) latencies.push(now - before);
  }
  answeredAt.set(id, now);
  if (!started.has(id)) {
    started.add(id);
    if (started.size === load.conversations) process.send?.({ started: started.size });
  }
  return textFrame({ type: 'say', conversation: id, turn, text });
};

const connectAgent = async (name: string): Promise<RawClient> => {
  let client: RawClient | undefined;
  const connected = await connectRaw({
    port: load.port,
    subprotocol,
    onTexts(starts, data) {
      const answers: Buffer[] = [];
      for (const start of starts) {
        const mark = data[start + 9];
        if (mark === refusedMark) throw new Error(data.toString('utf8', start, start + 200));
        if (mark === turnMark) answers.push(answer(data.toString('latin1', start, start + 160)));
      }
      if (answers.length > 0) client?.write(Buffer.concat(answers));
    },
    onClosed: () => {
      throw new Error(`the router closed ${name}`);
    },
  });
  client = connected;
  client.write(textFrame({ type: 'register', name, capacity: 1_000 }));
  return client;
};

const clients: RawClient[] = [];
for (let i = 0; i < 2 * load.pairs; i++) clients.push(await connectAgent(`${load.name}-${i}`));
for (let i = 0; i < load.conversations; i++) {
  const first = 2 * (i % load.pairs);
  clients[first]!.write(
    textFrame({
      type: 'open',
      ref: String(i),
      members: [`${load.name}-${first + 1}`],
      policy: 'round-robin',
      limits: { maxTurns: 0, maxDurationMs: 0 },
    }),
  );
}

const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

process.on('message', (message: { count: boolean }) => {
  isCounting = message.count;
  if (isCounting) {
    turns = 0;
    latencies = [];
    return;
  }
  const sorted = Float64Array.from(latencies).sort();
  const of = (share: number) => percentile(sorted as unknown as number[], share);
  process.send?.({ turns, p50: of(0.5), p99: of(0.99) } satisfies DurableResult);
});
