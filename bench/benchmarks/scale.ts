import { join } from 'node:path';
import { type NatsServer, startCluster, startNats } from '../../tests/harness/nats-servers.ts';
import type { DurableLoad } from '../load/durable-clients.ts';
import { type Latency, lognormalOfMean } from '../load/latency.ts';
import { bundled, emptyDirectory } from '../measure/built.ts';
import { type Child, startChild } from '../measure/child.ts';
import { pause, type Router, startRouter } from '../measure/parley.ts';
import { memoryKiB } from '../measure/process-cost.ts';
import type { Figure, Outcome } from '../measure/report.ts';
import { median } from '../measure/statistics.ts';
import { lineOf, measureTurns, pairsEach, processes, type Run } from './durable.ts';
import { type Options, progress } from './options.ts';

const conversations = [10, 200, 2_000, 20_000] as const;
/** With so many the rate at half of the maximum is measured. */
const atHalf = 2_000;
const idle = 10_000;

const always = { jetstream: 'sync_interval: always' };
const onServers = async (servers: readonly NatsServer[], count: number): Promise<Router[]> => {
  const routers: Router[] = [];
  for (let index = 0; index < count; index++)
    routers.push(
      await startRouter({
        ledger: 'sqlite',
        env: {
          ROUTER_LEDGER: servers.map(({ url }) => url).join(','),
          ROUTER_NATS_MONITOR: servers.map(({ monitor }) => monitor).join(','),
          ROUTER_NATS_PROJECTION: join(emptyDirectory(), 'projection.sqlite'),
          ...(count > 1 && { ROUTER_NATS_ROUTERS: 'several' }),
        },
      }),
    );
  return routers;
};

interface Engine {
  servers(): Promise<readonly NatsServer[]>;
  start(servers: readonly NatsServer[]): Promise<readonly Router[]>;
}
const none = async (): Promise<NatsServer[]> => [];
const engines: Readonly<Record<string, Engine>> = {
  memory: { servers: none, start: async () => [await startRouter({ ledger: 'memory' })] },
  file: { servers: none, start: async () => [await startRouter({ ledger: 'sqlite' })] },
  'one server': { servers: async () => [await startNats(always)], start: (servers) => onServers(servers, 1) },
  'three servers': { servers: () => startCluster(always), start: (servers) => onServers(servers, 1) },
  'three servers, three routers': {
    servers: () => startCluster(always),
    start: (servers) => onServers(servers, 3),
  },
};

/** Memory of the routers for each running conversation in which nothing happens, in KiB. */
const memoryOf = async (program: string, start: () => Promise<readonly Router[]>): Promise<number> => {
  const routers = await start();
  const used = () => routers.reduce((sum, { child }) => sum + memoryKiB(child.pid).pss, 0);
  const clients: Child[] = [];
  /** Each process connects its agents and opens its conversations; the first one only connects, for the start of the line. */
  const open = async (name: string, count: number) => {
    const load: DurableLoad = {
      ports: routers.map(({ port }) => port),
      latency: 'never',
      ...{ name, pairs: pairsEach, conversations: count, characters: 64 },
    };
    const client = startChild({ args: [program, JSON.stringify(load)] });
    clients.push(client);
    await client.message();
    // The garbage of the openings goes while the router is idle.
    await pause(4_000);
  };
  await open('first', pairsEach);
  const before = used();
  await open('second', idle);
  const after = used();
  for (const child of [...clients, ...routers.map((router) => router.child)]) await child.stop();
  return (after - before) / idle / routers.length;
};

/** What the ledgers, and several routers, hold: from 10 to 20,000 conversations, at half of the maximum, and idle. */
export const scale = async ({ rounds, latency, only = '' }: Options): Promise<Outcome> => {
  const program = await bundled('load/durable-clients.ts');
  const runs = new Map<string, Run[]>();
  const memory = new Map<string, number[]>();
  const note = <T>(into: Map<string, T[]>, name: string, one: T) =>
    into.set(name, [...(into.get(name) ?? []), one]);
  for (let round = 0; round < rounds; round++)
    for (const [engine, { servers, start }] of Object.entries(engines).filter(([name]) =>
      name.includes(only),
    )) {
      const withServers = async <T>(
        measure: (start: () => Promise<readonly Router[]>) => Promise<T>,
      ): Promise<T> => {
        const running = await servers();
        try {
          return await measure(() => start(running));
        } finally {
          for (const server of running) await server.remove();
        }
      };
      const measured = async (name: string, count: number, thinking?: Latency) => {
        const run = await withServers((started) => measureTurns(program, count, started, thinking));
        note(runs, name, run);
        progress(lineOf(name, run));
        return run;
      };
      if (latency) {
        for (const count of conversations)
          await measured(`${engine}, ${count} conversations`, count, latency);
        continue;
      }
      let most = 0;
      for (const count of conversations) {
        const { perSecond } = await measured(`${engine}, ${count} conversations`, count);
        if (count === atHalf) most = perSecond;
      }
      // So many conversations with this mean make half of the rate.
      const meanMs = (atHalf / (most / 2)) * 1_000;
      await measured(
        `${engine}, ${atHalf} conversations, half of the maximum`,
        atHalf,
        lognormalOfMean(meanMs),
      );
      const kib = await withServers((started) => memoryOf(program, started));
      note(memory, engine, kib);
      progress(`${engine}: ${kib.toFixed(1)} KiB of router memory for an idle conversation`);
    }
  const samples = (name: string, part: keyof Run) => (runs.get(name) ?? []).map((run) => run[part]);
  const figures = [...runs.keys()].flatMap((name): Figure[] => [
    { what: `${name}: turns`, unit: 'turns/s', samples: samples(name, 'perSecond') },
    { what: `${name}: CPU of all routers`, unit: 'ms/turn', samples: samples(name, 'cpuMsPerTurn') },
    { what: `${name}: answer to next grant, p50`, unit: 'ms', samples: samples(name, 'p50') },
    { what: `${name}: answer to next grant, p95`, unit: 'ms', samples: samples(name, 'p95') },
    { what: `${name}: answer to next grant, p99`, unit: 'ms', samples: samples(name, 'p99') },
  ]);
  const cpuOf = (count: number) => median(samples(`file, ${count} conversations`, 'cpuMsPerTurn'));
  const claims =
    latency || !runs.has(`file, ${atHalf} conversations`)
      ? []
      : [
          {
            claim: 'file: CPU of a turn, the largest of 10 to 20,000 conversations over the smallest',
            measured: Math.max(...conversations.map(cpuOf)) / Math.min(...conversations.map(cpuOf)),
            atMost: 1.5,
          },
          {
            claim: 'file: grant p99 at half of the maximum (ms)',
            measured: median(samples(`file, ${atHalf} conversations, half of the maximum`, 'p99')),
            atMost: 20,
          },
          {
            claim: 'file: memory of an idle running conversation (KiB)',
            measured: median(memory.get('file') ?? []),
            atMost: 8,
          },
        ];
  return {
    figures: [
      ...figures,
      ...[...memory].map(([engine, kib]) => ({
        what: `${engine}: memory of an idle conversation in each router`,
        unit: 'KiB',
        samples: kib,
      })),
    ],
    targets: claims,
    remarks: [
      `Routers, ${processes} load processes and the servers of NATS share the cores: with two of them the rates are lower bounds.`,
    ],
  };
};
