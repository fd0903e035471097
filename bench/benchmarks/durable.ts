import type { DurableLoad, DurableResult } from '../load/durable-clients.ts';
import type { Latency } from '../load/latency.ts';
import { bundled } from '../measure/built.ts';
import { startChild } from '../measure/child.ts';
import { diskSyncMs } from '../measure/disk.ts';
import { pause, type Router, startRouter } from '../measure/parley.ts';
import { cpuMs } from '../measure/process-cost.ts';
import type { Figure, Outcome } from '../measure/report.ts';
import { median } from '../measure/statistics.ts';
import { type Options, progress } from './options.ts';

const conversations = [10, 200, 2_000] as const;
export const processes = 2;
export const pairsEach = 25;
const warmUpMs = 3_000;
const countedMs = 6_000;

export interface Run {
  perSecond: number;
  /** Of all routers together. */
  cpuMsPerTurn: number;
  p50: number;
  p95: number;
  p99: number;
}

/** Durable turns of one router or of several, with so many conversations under way. */
export const measureTurns = async (
  program: string,
  count: number,
  start: () => Promise<readonly Router[]>,
  latency: Latency = { kind: 'none' },
): Promise<Run> => {
  const routers = await start();
  const clients = Array.from({ length: processes }, (_, index) => {
    const load: DurableLoad = {
      ports: routers.map(({ port }) => port),
      latency,
      name: `p${index}`,
      pairs: pairsEach,
      conversations: count / processes,
      characters: 64,
    };
    return startChild({ args: [program, JSON.stringify(load)] });
  });
  await Promise.all(clients.map((client) => client.message()));
  await pause(warmUpMs);
  for (const client of clients) client.send({ count: true });
  const cpu = () => routers.reduce((sum, { child }) => sum + cpuMs(child.pid), 0);
  const from = { at: performance.now(), cpu: cpu() };
  await pause(countedMs);
  const to = { at: performance.now(), cpu: cpu() };
  for (const client of clients) client.send({ count: false });
  const results = await Promise.all(clients.map((client) => client.message<DurableResult>()));
  for (const child of [...clients, ...routers.map((router) => router.child)]) await child.stop();
  const turns = results.reduce((sum, one) => sum + one.turns, 0);
  return {
    perSecond: (turns / (to.at - from.at)) * 1_000,
    cpuMsPerTurn: (to.cpu - from.cpu) / turns,
    p50: Math.max(...results.map(({ p50 }) => p50)),
    p95: Math.max(...results.map(({ p95 }) => p95)),
    p99: Math.max(...results.map(({ p99 }) => p99)),
  };
};

export const lineOf = (what: string, run: Run): string =>
  `${what}: ${Math.round(run.perSecond)} turns/s, ${run.cpuMsPerTurn.toFixed(4)} ms of router CPU a turn, grant p50 ${run.p50.toFixed(1)} ms, p95 ${run.p95.toFixed(1)} ms, p99 ${run.p99.toFixed(1)} ms`;

/** How many turns a second one router syncs to disk, with agents that answer at once. */
export const durable = async ({ rounds, profile }: Options): Promise<Outcome> => {
  const program = await bundled('load/durable-clients.ts');
  const runs = new Map<number, Run[]>(conversations.map((count) => [count, []]));
  const syncs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    syncs.push(await diskSyncMs());
    for (const count of conversations) {
      const run = await measureTurns(program, count, async () => [
        await startRouter({ ledger: 'sqlite', profile }),
      ]);
      runs.get(count)?.push(run);
      progress(lineOf(`${count} conversations`, run));
    }
  }
  const all = (count: number, part: keyof Run) => (runs.get(count) ?? []).map((run) => run[part]);
  const figures = conversations.flatMap((count): Figure[] => [
    { what: `${count} conversations: turns`, unit: 'turns/s', samples: all(count, 'perSecond') },
    { what: `${count} conversations: router CPU`, unit: 'ms/turn', samples: all(count, 'cpuMsPerTurn') },
    { what: `${count} conversations: answer to next grant, p50`, unit: 'ms', samples: all(count, 'p50') },
    { what: `${count} conversations: answer to next grant, p99`, unit: 'ms', samples: all(count, 'p99') },
  ]);
  const wall = all(2_000, 'perSecond').map((rate) => 1_000 / rate);
  return {
    figures: [...figures, { what: 'disk: 12 KiB appended and synced', unit: 'ms', samples: syncs }],
    targets: [
      {
        claim: 'wall per durable turn with 2,000 conversations (ms; 20,000 turns/s)',
        measured: median(wall),
        atMost: 1_000 / 20_000,
      },
    ],
    remarks: [
      `The router and ${processes} load processes share the cores: with two of them the rate is a lower bound, the CPU stands.`,
    ],
  };
};
