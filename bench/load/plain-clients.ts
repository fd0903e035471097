import { cpuMs } from '../measure/process-cost.ts';
import { connectRaw, type RawClient, textFrame } from './websocket.ts';

/**
 * Keeps a fixed number of messages of the plain dialect in flight: a client that receives a message sends one to its partner
 * (`pairs`) or to a random client (`mesh`). Counts deliveries and the CPU time of the server.
 */
export interface PlainLoad {
  port: number;
  /** The process whose CPU is counted. */
  serverPid: number;
  shape: 'pairs' | 'mesh';
  pairs: number;
  /** Messages in flight for each pair. */
  window: number;
  /** Characters of `text`. */
  bytes: number;
  /** Deliveries before counting begins. */
  warmUp: number;
  count: number;
}
export interface PlainResult {
  delivered: number;
  wallMs: number;
  serverCpuMs: number;
  ownCpuMs: number;
}

const load = JSON.parse(process.argv[2]!) as PlainLoad;
const names = Array.from({ length: load.pairs * 2 }, (_, i) => `c${String(i).padStart(3, '0')}`);
const said = 'x'.repeat(load.bytes);
const frameTo = names.map((target) => textFrame({ target, text: said }));
const batchTo = frameTo.map((frame) => Buffer.concat(Array.from({ length: load.window }, () => frame)));

let seed = 1;
const random = (below: number) => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return Math.floor((seed / 2 ** 32) * below);
};
const randomOther = (self: number) => (self + 1 + random(names.length - 1)) % names.length;

const framesOf = (self: number, owed: number): Buffer => {
  if (load.shape === 'pairs') {
    const partner = self ^ 1;
    return batchTo[partner]!.subarray(0, owed * frameTo[partner]!.length);
  }
  return Buffer.concat(Array.from({ length: owed }, () => frameTo[randomOther(self)]!));
};

const ownCpuMs = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e3;
};
const sample = () => ({ at: performance.now(), server: cpuMs(load.serverPid), own: ownCpuMs() });

let delivered = 0;
let began: ReturnType<typeof sample> | undefined;
const onDelivered = (count: number) => {
  const before = delivered;
  delivered += count;
  if (!began) {
    if (delivered < load.warmUp) return;
    began = sample();
    delivered = 0;
  } else if (before < load.count && delivered >= load.count) {
    const ended = sample();
    const result: PlainResult = {
      delivered,
      wallMs: ended.at - began.at,
      serverCpuMs: ended.server - began.server,
      ownCpuMs: ended.own - began.own,
    };
    process.send?.(result, () => process.exit(0));
  }
};

/** The tenth character of `{"type":"message",…}`. */
const messageMark = 'm'.charCodeAt(0);
const clients: RawClient[] = [];
for (const [self, name] of names.entries()) {
  const client = await connectRaw({
    port: load.port,
    onTexts(starts, data) {
      for (const start of starts) {
        if (data[start + 9] === messageMark) continue;
        throw new Error(`the server answered ${data.toString('utf8', start, start + 200)}`);
      }
      client.write(framesOf(self, starts.length));
      onDelivered(starts.length);
    },
    onClosed: () => {
      throw new Error(`the server closed ${name}`);
    },
  });
  client.write(textFrame({ type: 'register', name }));
  clients.push(client);
}
await new Promise((resolve) => setTimeout(resolve, 200));
for (const [self, client] of clients.entries()) {
  if (load.shape === 'mesh') client.write(framesOf(self, load.window >> 1));
  else if (self % 2 === 0) client.write(framesOf(self, load.window));
}
