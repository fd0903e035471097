import type { Mark } from '../load/model-server.ts';
import { bundled } from '../measure/built.ts';
import { type Child, startChild } from '../measure/child.ts';
import { diskSyncMs } from '../measure/disk.ts';
import { startAgent, startRouter, welcomed } from '../measure/parley.ts';
import type { Outcome } from '../measure/report.ts';
import { median, ratios } from '../measure/statistics.ts';
import { type Options, progress } from './options.ts';

/** Estimated tokens of history that each system sends to the model. */
const historyTokens = 8_000;
/** The turns that are measured for the cost of a turn. */
const counted = 200;
/** Half the width of the windows around the turns 10, 100 and 1000. */
const half = 9;
const points = [10, 100, 1_000] as const;
const marks = [...new Set([1, 1 + counted, ...points.flatMap((turn) => [turn - half, turn + half])])].sort(
  (a, b) => a - b,
);

const systems = ['SDK loop', 'ws router and two SDK agents', 'Parley, memory', 'Parley, sqlite'] as const;
type System = (typeof systems)[number];

/** The started processes, and the function that begins the conversation. */
interface Cast {
  children: Child[];
  begin(): void | Promise<void>;
}
interface Programs {
  loop: string;
  router: string;
  agent: string;
}

const startParley = async (ledger: 'memory' | 'sqlite', model: string, profile?: string): Promise<Cast> => {
  const router = await startRouter({ ledger, profile });
  const env = {
    OPENAI_BASE_URL: model,
    OPENAI_API_KEY: 'none',
    OPENAI_MODEL: 'mock',
    AGENT_HISTORY_TOKENS: String(historyTokens),
    AGENT_MAX_TURNS: '0',
    AGENT_MAX_DURATION_SECONDS: '0',
    // The model server says the same each time.
    AGENT_MAX_REPETITION: '0',
    AGENT_FIRST_SPEAKER: 'alice',
  };
  const agent = (name: string, target: string) =>
    startAgent({ name, target, router: router.port, profile, env });
  const bob = agent('bob', 'alice');
  await welcomed(bob);
  const alice = agent('alice', 'bob');
  return { children: [router.child, bob, alice], begin() {} };
};

const start: Record<System, (programs: Programs, model: string, profile?: string) => Promise<Cast>> = {
  'SDK loop': async ({ loop }, model) => {
    const child = startChild({ args: [loop, model, String(historyTokens)] });
    await child.message();
    return { children: [child], begin: () => child.send({}) };
  },
  'ws router and two SDK agents': async ({ router, agent }, model) => {
    const server = startChild({ args: [router] });
    const { port } = await server.message<{ port: number }>();
    const agents = [
      ['alice', 'bob'],
      ['bob', 'alice'],
    ].map(([self, peer]) =>
      startChild({ args: [agent, `ws://127.0.0.1:${port}`, self!, peer!, model, String(historyTokens)] }),
    );
    for (const one of agents) await one.message();
    return { children: [server, ...agents], begin: () => agents[0]!.send({}) };
  },
  'Parley, memory': (_programs, model, profile) => startParley('memory', model, profile),
  'Parley, sqlite': (_programs, model, profile) => startParley('sqlite', model, profile),
};

interface Cost {
  netMs: number;
  cpuMs: number;
}
type Run = Record<`at ${(typeof points)[number]}` | 'counted', Cost>;

/**
 * Per turn between two marks: wall time without the CPU time of the model server, which never waits, and CPU time of all
 * processes.
 */
const between = (from: Mark, to: Mark): Cost => {
  const turns = to.request - from.request;
  const cpu = to.cpu.reduce((sum, one, i) => sum + one - from.cpu[i]!, 0);
  return { netMs: (to.at - from.at - (to.ownCpu - from.ownCpu)) / turns, cpuMs: cpu / turns };
};

const measure = async (
  system: System,
  programs: Programs & { model: string },
  profile?: string,
): Promise<Run> => {
  const server = startChild({ args: [programs.model] });
  const { port } = await server.message<{ port: number }>();
  const cast = await start[system](programs, `http://127.0.0.1:${port}/v1`, profile);
  server.send({ pids: cast.children.map(({ pid }) => pid), at: marks });
  await cast.begin();
  const seen = new Map<number, Mark>();
  const failures = cast.children.map(({ failed }) => failed);
  for (const request of marks) seen.set(request, await Promise.race([server.message<Mark>(), ...failures]));
  for (const child of [...cast.children.reverse(), server]) await child.stop();
  const around = (turn: number) => between(seen.get(turn - half)!, seen.get(turn + half)!);
  return {
    counted: between(seen.get(1)!, seen.get(1 + counted)!),
    'at 10': around(10),
    'at 100': around(100),
    'at 1000': around(1_000),
  };
};

/** The cost of a turn without the model, and whether it grows with the conversation. */
export const turns = async ({ rounds, profile }: Options): Promise<Outcome> => {
  const programs = {
    loop: await bundled('baselines/sdk-loop.ts'),
    router: await bundled('baselines/ws-router.ts'),
    agent: await bundled('baselines/ws-agent.ts'),
    model: await bundled('load/model-server.ts'),
  };
  const runs = Object.fromEntries(systems.map((system) => [system, [] as Run[]])) as Record<System, Run[]>;
  const syncs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    syncs.push(await diskSyncMs());
    for (const system of systems) {
      const run = await measure(system, programs, profile);
      runs[system].push(run);
      progress(
        `${system}: net ${run.counted.netMs.toFixed(2)} ms, CPU ${run.counted.cpuMs.toFixed(2)} ms a turn`,
      );
    }
  }
  const all = (system: System, part: keyof Run, cost: keyof Cost) =>
    runs[system].map((run) => run[part][cost]);
  const over = (system: System, baseline: System, part: keyof Run, cost: keyof Cost) =>
    ratios(all(system, part, cost), all(baseline, part, cost));
  const growth = (system: System, from: (typeof points)[number], cost: keyof Cost) =>
    ratios(all(system, 'at 1000', cost), all(system, `at ${from}`, cost));
  const parts = ['counted', 'at 1000'] as const;
  const costs = [
    ['netMs', 'net wall'],
    ['cpuMs', 'CPU'],
  ] as const;
  const named = { counted: 'turns 1–200', 'at 10': 'turn 10', 'at 100': 'turn 100', 'at 1000': 'turn 1000' };
  const target = (claim: string, samples: number[], atMost: number) => ({
    claim,
    measured: median(samples),
    atMost,
  });

  return {
    figures: [
      ...parts.flatMap((part) =>
        costs.map(([cost, title]) => ({
          what: `Parley, sqlite over the SDK loop: ${title}, ${named[part]}`,
          unit: 'ratio',
          samples: over('Parley, sqlite', 'SDK loop', part, cost),
        })),
      ),
      ...systems.flatMap((system) => [
        ...(['counted', 'at 10', 'at 100', 'at 1000'] as const).flatMap((part) =>
          costs.map(([cost, title]) => ({
            what: `${system}: ${title}, ${named[part]}`,
            unit: 'ms/turn',
            samples: all(system, part, cost),
          })),
        ),
      ]),
      ...(['SDK loop', 'Parley, sqlite'] as const).flatMap((system) =>
        costs.map(([cost, title]) => ({
          what: `${system}: turn 1000 over turn 10, ${title}`,
          unit: 'ratio',
          samples: growth(system, 10, cost),
        })),
      ),
      { what: 'disk: 12 KiB appended and synced', unit: 'ms', samples: syncs },
    ],
    targets: [
      target(
        'net wall per turn over the SDK loop',
        over('Parley, sqlite', 'SDK loop', 'counted', 'netMs'),
        2.5,
      ),
      target('turn 1000 over turn 10, net wall', growth('Parley, sqlite', 10, 'netMs'), 1.3),
      target('turn 1000 over turn 10, CPU', growth('Parley, sqlite', 10, 'cpuMs'), 1.3),
      target('turn 1000 over turn 100, CPU', growth('Parley, sqlite', 100, 'cpuMs'), 1.3),
    ],
  };
};
