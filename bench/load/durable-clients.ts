import { subprotocol } from '@parley/protocol';
import { type Latency, latencySampler } from './latency.ts';
import { connectRaw, type RawClient, textFrame } from './websocket.ts';

/**
 * Scripted `parley.v1` agents in pairs with running conversations. Each answers a granted turn at once, or after the time that a model
 * would take. Counts turns, and the time from an answer to the grant of the next turn of the conversation.
 */
export interface DurableLoad {
  /** Routers. The agents of a pair are connected to two of them where there are several. */
  ports: readonly number[];
  /** `never`: the agents leave all turns unanswered, so that the conversations are idle. */
  latency: Latency | 'never';
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
  p95: number;
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

const { latency } = load;
const thinks = latency !== 'never' && latency.kind !== 'none';
const thinkMs = latency === 'never' ? () => 0 : latencySampler(latency, Math.random);

/** Answers of one agent that come after a while, and go out together when they are due in the same millisecond. */
const answerLater = (client: () => RawClient | undefined) => {
  const due = new Map<number, (() => Buffer)[]>();
  return (make: () => Buffer): void => {
    const waitMs = Math.max(1, Math.round(thinkMs()));
    const at = Math.round(performance.now()) + waitMs;
    const waiting = due.get(at);
    if (waiting) {
      waiting.push(make);
      return;
    }
    due.set(at, [make]);
    setTimeout(() => {
      const answers = due.get(at) ?? [];
      due.delete(at);
      client()?.write(Buffer.concat(answers.map((one) => one())));
    }, waitMs);
  };
};

/** Notes the grant, and returns what makes the answer. */
const granted = (head: string): (() => Buffer) => {
  const id = head.slice(idStart, head.indexOf('"', idStart));
  const at = head.indexOf('"turn":', idStart) + 7;
  const turn = Number.parseInt(head.slice(at), 10);
  const now = performance.now();
  const before = answeredAt.get(id);
  if (isCounting) {
    turns++;
    if (before !== undefined) latencies.push(now - before);
  }
  if (!started.has(id)) {
    started.add(id);
    if (started.size === load.conversations) process.send?.({ started: started.size });
  }
  return () => {
    answeredAt.set(id, performance.now());
    return textFrame({ type: 'say', conversation: id, turn, text });
  };
};

const connectAgent = async (name: string, port: number): Promise<RawClient> => {
  let client: RawClient | undefined;
  const later = answerLater(() => client);
  const connected = await connectRaw({
    port,
    subprotocol,
    onTexts(starts, data) {
      const answers: Buffer[] = [];
      for (const start of starts) {
        const mark = data[start + 9];
        if (mark === refusedMark) throw new Error(data.toString('utf8', start, start + 200));
        if (mark !== turnMark) continue;
        const answer = granted(data.toString('latin1', start, start + 160));
        if (thinks) later(answer);
        else if (latency !== 'never') answers.push(answer());
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
for (let i = 0; i < 2 * load.pairs; i++)
  clients.push(await connectAgent(`${load.name}-${i}`, load.ports[i % load.ports.length] as number));
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
  process.send?.({ turns, p50: of(0.5), p95: of(0.95), p99: of(0.99) } satisfies DurableResult);
});
