import { join } from 'node:path';
import type { PlainLoad, PlainResult } from '../load/plain-clients.ts';
import { bundled } from '../measure/built.ts';
import { type Child, startChild } from '../measure/child.ts';
import { startRouter } from '../measure/parley.ts';
import type { Figure, Outcome } from '../measure/report.ts';
import { median, ratios } from '../measure/statistics.ts';
import { type Options, progress } from './options.ts';

const shapes = ['pairs', 'mesh'] as const;
export const serverCore = 0;
const loadCore = 1;

interface Server {
  child: Child;
  port: number;
}
type System = 'ws router' | 'memory ledger' | 'sqlite ledger';

const startServer = async (system: System, baseline: string, profile?: string): Promise<Server> => {
  if (system !== 'ws router') {
    const ledger = system === 'memory ledger' ? 'memory' : 'sqlite';
    return startRouter({ ledger, core: serverCore, profile });
  }
  const child = startChild({ args: [baseline], core: serverCore });
  return { child, ...(await child.message<{ port: number }>()) };
};

export interface PlainRun {
  /** CPU of the server in seconds for 100,000 messages. */
  readonly cpu: number;
  /** Messages a second. */
  readonly rate: number;
  /** The share of its core that the load generator used, in percent. */
  readonly busy: number;
}

/** Loads a server with messages of the plain dialect, and stops it. */
export const measurePlain = async (
  generator: string,
  server: Server,
  shape: PlainLoad['shape'],
): Promise<PlainRun> => {
  const load: PlainLoad = {
    port: server.port,
    serverPid: server.child.pid,
    shape,
    pairs: 50,
    window: 32,
    bytes: 256,
    warmUp: 50_000,
    count: 150_000,
  };
  const clients = startChild({ args: [generator, JSON.stringify(load)], core: loadCore });
  const result = await Promise.race([clients.message<PlainResult>(), server.child.failed]);
  await clients.stop();
  await server.child.stop();
  return {
    cpu: (result.serverCpuMs * 100) / result.delivered,
    rate: (result.delivered * 1000) / result.wallMs,
    busy: (result.ownCpuMs / result.wallMs) * 100,
  };
};

/** The CPU time of the server for each delivered message of the plain dialect. */
export const plain = async ({ rounds, profile }: Options): Promise<Outcome> => {
  const baseline = await bundled('baselines/ws-router.ts');
  const generator = await bundled('load/plain-clients.ts');
  const samples = new Map<string, { cpu: number[]; rate: number[]; busy: number[] }>();

  const measure = async (system: System, shape: PlainLoad['shape']) => {
    const server = await startServer(system, baseline, profile && join(profile, shape));
    const run = await measurePlain(generator, server, shape);
    const key = `${system}, ${shape}`;
    const { cpu, rate, busy } = samples.get(key) ?? { cpu: [], rate: [], busy: [] };
    cpu.push(run.cpu);
    rate.push(run.rate);
    busy.push(run.busy);
    samples.set(key, { cpu, rate, busy });
    progress(`${key}: ${run.cpu.toFixed(3)} CPU s per 100,000, ${Math.round(run.rate)} messages/s`);
  };
  for (let round = 0; round < rounds; round++) {
    for (const shape of shapes) {
      for (const system of ['ws router', 'memory ledger', 'sqlite ledger'] as const) {
        await measure(system, shape);
      }
    }
  }

  const figures: Figure[] = [...samples].flatMap(([what, { cpu, rate, busy }]) => [
    { what: `${what}: CPU`, unit: 's per 100,000 messages', samples: cpu },
    { what: `${what}: rate`, unit: 'messages/s', samples: rate },
    { what: `${what}: load generator busy`, unit: '% of its core', samples: busy },
  ]);
  const ratio = (system: System, shape: string): number[] =>
    ratios(samples.get(`${system}, ${shape}`)!.cpu, samples.get(`ws router, ${shape}`)!.cpu);
  const target = (system: System, shape: string, atMost: number) => ({
    claim: `CPU per message over the ws router: ${system}, ${shape}`,
    measured: median(ratio(system, shape)),
    atMost,
  });
  return {
    figures: [
      ...shapes.flatMap((shape) =>
        (['memory ledger', 'sqlite ledger'] as const).map((system) => ({
          what: `${system}, ${shape}: CPU over the ws router`,
          unit: 'ratio',
          samples: ratio(system, shape),
        })),
      ),
      ...figures,
    ],
    targets: [
      target('memory ledger', 'pairs', 0.8),
      target('memory ledger', 'mesh', 1.2),
      target('sqlite ledger', 'pairs', 1.2),
      target('sqlite ledger', 'mesh', 2),
    ],
    remarks: bottlenecks(samples),
  };
};

/** True when the load generator uses a whole core. Then the rate is a lower bound; the CPU time is valid. */
const bottlenecks = (samples: ReadonlyMap<string, { busy: number[] }>): string[] =>
  [...samples]
    .filter(([, { busy }]) => median(busy) > 90)
    .map(([what]) => `${what}: the load generator was the bottleneck, so the rate is a lower bound.`);
