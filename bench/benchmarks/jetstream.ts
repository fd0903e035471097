import { join } from 'node:path';
import { type NatsServer, startCluster, startNats } from '../../tests/harness/nats-servers.ts';
import { bundled, emptyDirectory } from '../measure/built.ts';
import { type Router, startRouter } from '../measure/parley.ts';
import type { Figure, Outcome } from '../measure/report.ts';
import { median } from '../measure/statistics.ts';
import { lineOf, measureTurns, type Run } from './durable.ts';
import { type Options, progress } from './options.ts';

const conversations = [10, 200, 2_000] as const;

/** Servers that sync each entry, one and three; and the file, on the same machine in the same minutes. */
const engines = {
  sqlite: async (): Promise<NatsServer[]> => [],
  'one server': async () => [await startNats({ jetstream: 'sync_interval: always' })],
  'three servers': () => startCluster({ jetstream: 'sync_interval: always' }),
} as const;
type Engine = keyof typeof engines;

const startOn = async (servers: readonly NatsServer[], profile?: string): Promise<Router> =>
  startRouter({
    ledger: 'sqlite',
    profile,
    ...(servers.length > 0 && {
      env: {
        ROUTER_LEDGER: servers.map(({ url }) => url).join(','),
        ROUTER_NATS_MONITOR: servers.map(({ monitor }) => monitor).join(','),
        ROUTER_NATS_PROJECTION: join(emptyDirectory(), 'projection.sqlite'),
      },
    }),
  });

/** How many durable turns a second one router takes whose ledger is a stream of NATS, beside one with a file. */
export const jetstream = async ({ rounds, profile }: Options): Promise<Outcome> => {
  const program = await bundled('load/durable-clients.ts');
  const runs = new Map<string, Run[]>();
  const key = (engine: Engine, count: number) => `${engine}, ${count} conversations`;
  for (let round = 0; round < rounds; round++)
    for (const [engine, start] of Object.entries(engines) as [Engine, () => Promise<NatsServer[]>][])
      for (const count of conversations) {
        const servers = await start();
        const run = await measureTurns(program, count, async () => [await startOn(servers, profile)]);
        for (const server of servers) await server.remove();
        const kept = runs.get(key(engine, count)) ?? [];
        kept.push(run);
        runs.set(key(engine, count), kept);
        progress(lineOf(key(engine, count), run));
      }
  const samples = (name: string, part: keyof Run) => (runs.get(name) ?? []).map((run) => run[part]);
  const figures = [...runs.keys()].flatMap((name): Figure[] => [
    { what: `${name}: turns`, unit: 'turns/s', samples: samples(name, 'perSecond') },
    { what: `${name}: router CPU`, unit: 'ms/turn', samples: samples(name, 'cpuMsPerTurn') },
    { what: `${name}: answer to next grant, p50`, unit: 'ms', samples: samples(name, 'p50') },
    { what: `${name}: answer to next grant, p99`, unit: 'ms', samples: samples(name, 'p99') },
  ]);
  const file = key('sqlite', 2_000);
  const stream = key('one server', 2_000);
  return {
    figures,
    targets: [
      {
        claim: 'turns/s of the file for each of the stream on one server, 2,000 conversations',
        measured: median(samples(file, 'perSecond')) / median(samples(stream, 'perSecond')),
        atMost: 2,
      },
      {
        claim: 'router CPU of a turn on the stream for that on the file, 2,000 conversations',
        measured: median(samples(stream, 'cpuMsPerTurn')) / median(samples(file, 'cpuMsPerTurn')),
        atMost: 1.5,
      },
    ],
    remarks: [
      'The router, the load processes and the servers of NATS share the cores: with two of them the rates are lower bounds.',
    ],
  };
};
