import { nodeOptions } from '@parley/runtime';
import { GrantingRouter } from '../load/granting-router.ts';
import { builtService, bundled } from '../measure/built.ts';
import { startChild } from '../measure/child.ts';
import { welcomed } from '../measure/parley.ts';
import { cpuMs, memoryKiB } from '../measure/process-cost.ts';
import type { Figure, Outcome } from '../measure/report.ts';
import { median } from '../measure/statistics.ts';
import { type Options, progress } from './options.ts';

const marks = [200, 1_000, 5_000];
const message = 'I think that it is so, and otherwise not. '.repeat(12);

type Model = 'Chat Completions' | 'rehearsal';

const modelSettings = async (model: Model) => {
  if (model === 'rehearsal') return { env: { AGENT_MODEL_KIND: 'rehearsal' }, stop: async () => {} };
  const server = startChild({ args: [await bundled('load/model-server.ts')] });
  const { port } = await server.message<{ port: number }>();
  server.send({ pids: [], at: [] });
  return {
    env: { OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1`, OPENAI_API_KEY: 'bench' },
    stop: () => server.stop(),
  };
};

interface Run {
  /** Resident MiB at each of `marks`. */
  readonly resident: readonly number[];
  readonly cpuPerTurnMs: number;
}

const measure = async (file: string, node: readonly string[], model: Model): Promise<Run> => {
  const router = await GrantingRouter.listen();
  const { env, stop } = await modelSettings(model);
  const agent = startChild({
    mute: true,
    args: [...node, file],
    env: { AGENT_NAME: 'alice', AGENT_TARGET: 'bob', ROUTER_URL: `ws://127.0.0.1:${router.port}`, ...env },
  });
  try {
    await welcomed(agent);
    const resident: number[] = [];
    const began = cpuMs(agent.pid);
    for (let turn = 1; turn <= marks.at(-1)!; turn++) {
      await Promise.race([router.grant(turn, message), agent.failed]);
      if (marks.includes(turn)) resident.push(memoryKiB(agent.pid).rss / 1_024);
    }
    return { resident, cpuPerTurnMs: (cpuMs(agent.pid) - began) / marks.at(-1)! };
  } finally {
    await agent.stop();
    await stop();
    router.close();
  }
};

/** What an agent process holds while its one conversation grows, as it is started and with Node's defaults (ADR 33). */
export const agentMemory = async ({ rounds }: Options): Promise<Outcome> => {
  const file = builtService('agent');
  const samples = new Map<string, { unit: string; samples: number[] }>();
  const note = (what: string, unit: string, sample: number) => {
    const one = samples.get(what) ?? { unit, samples: [] };
    one.samples.push(sample);
    samples.set(what, one);
  };
  const ways: readonly (readonly [string, readonly string[]])[] = [
    ['as started', nodeOptions.agent],
    ["Node's defaults", []],
  ];
  for (let round = 0; round < rounds; round++) {
    for (const model of ['Chat Completions', 'rehearsal'] as const) {
      for (const [way, node] of ways) {
        const { resident, cpuPerTurnMs } = await measure(file, node, model);
        for (const [index, turn] of marks.entries())
          note(`${model}, ${way}: resident at turn ${turn}`, 'MiB', resident[index]!);
        note(`${model}, ${way}: CPU a turn`, 'ms', cpuPerTurnMs);
        progress(`${model}, ${way}: ${resident.map(Math.round).join(', ')} MiB`);
      }
    }
  }
  const figures: Figure[] = [...samples].map(([what, rest]) => ({ what, ...rest }));
  return {
    figures,
    targets: (['Chat Completions', 'rehearsal'] as const).map((model) => {
      const what = `${model}, as started: resident at turn ${marks.at(-1)}`;
      return { claim: `${what} (MiB)`, measured: median(samples.get(what)!.samples), atMost: 85 };
    }),
  };
};
