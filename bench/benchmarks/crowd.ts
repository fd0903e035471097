import type { Mark } from '../load/model-server.ts';
import { bundled } from '../measure/built.ts';
import { type Child, startChild } from '../measure/child.ts';
import { startAgent, startRouter, welcomed } from '../measure/parley.ts';
import type { Outcome } from '../measure/report.ts';
import { median, ratios } from '../measure/statistics.ts';
import { type Options, progress } from './options.ts';

const pairs = Array.from({ length: 25 }, (_, i) => [`a${i}`, `b${i}`] as const);
/** The number of turns for the warm-up of all processes, and the number of measured turns. */
const warmUp = 4_000;
const counted = 4_000;
const historyTokens = '8000';

interface Crowd {
  router: Child;
  agents: Child[];
  begin(): void;
}

const startParley = async (model: string, profile?: string): Promise<Crowd> => {
  const { child, port } = await startRouter({ ledger: 'sqlite', profile });
  const env = {
    OPENAI_BASE_URL: model,
    OPENAI_API_KEY: 'none',
    OPENAI_MODEL: 'mock',
    AGENT_HISTORY_TOKENS: historyTokens,
    AGENT_MAX_TURNS: '0',
    AGENT_MAX_DURATION_SECONDS: '0',
    // The model server says the same each time.
    AGENT_MAX_REPETITION: '0',
  };
  const agent = (name: string, target: string, first: string) =>
    startAgent({ name, target, router: port, env: { ...env, AGENT_FIRST_SPEAKER: first } });
  const waiting = pairs.map(([a, b]) => agent(b, a, 'false'));
  await Promise.all(waiting.map(welcomed));
  return { router: child, agents: [...waiting, ...pairs.map(([a, b]) => agent(a, b, 'true'))], begin() {} };
};

const startBaseline = async (router: string, agent: string, model: string): Promise<Crowd> => {
  const server = startChild({ args: [router] });
  const { port } = await server.message<{ port: number }>();
  const start = (self: string, peer: string) =>
    startChild({ args: [agent, `ws://127.0.0.1:${port}`, self, peer, model, historyTokens] });
  const first = pairs.map(([a, b]) => start(a, b));
  const second = pairs.map(([a, b]) => start(b, a));
  await Promise.all([...first, ...second].map((child) => child.message()));
  return {
    router: server,
    agents: [...second, ...first],
    begin() {
      for (const child of first) child.send({});
    },
  };
};

/** How many turns a second fifty agents take together, each in its own process. */
export const crowd = async ({ rounds, profile }: Options): Promise<Outcome> => {
  const modelServer = await bundled('load/model-server.ts');
  const wsRouter = await bundled('baselines/ws-router.ts');
  const wsAgent = await bundled('baselines/ws-agent.ts');

  const measure = async (start: (model: string) => Promise<Crowd>): Promise<number> => {
    const server = startChild({ args: [modelServer] });
    const { port } = await server.message<{ port: number }>();
    server.send({ pids: [], at: [warmUp, warmUp + counted] });
    const { router, agents, begin } = await start(`http://127.0.0.1:${port}/v1`);
    begin();
    const failures = [router, ...agents].map(({ failed }) => failed);
    const from = await Promise.race([server.message<Mark>(), ...failures]);
    const to = await Promise.race([server.message<Mark>(), ...failures]);
    await Promise.all(agents.map((child) => child.stop()));
    for (const child of [router, server]) await child.stop();
    return (to.at - from.at) / counted;
  };

  const baseline: number[] = [];
  const ours: number[] = [];
  for (let round = 0; round < rounds; round++) {
    baseline.push(await measure((model) => startBaseline(wsRouter, wsAgent, model)));
    ours.push(await measure((model) => startParley(model, profile)));
    progress(
      `${baseline.at(-1)?.toFixed(2)} ms a turn of the ws router's, ${ours.at(-1)?.toFixed(2)} of ours`,
    );
  }
  const perSecond = (samples: readonly number[]) => samples.map((ms) => 1_000 / ms);
  return {
    figures: [
      { what: 'ws router and 50 SDK agents', unit: 'turns/s', samples: perSecond(baseline) },
      { what: 'Parley, sqlite, 50 agents', unit: 'turns/s', samples: perSecond(ours) },
      { what: 'wall per turn over the ws router', unit: 'ratio', samples: ratios(ours, baseline) },
    ],
    targets: [
      { claim: 'wall per turn of 50 agents at once (ms)', measured: median(ours), atMost: 1_000 / 300 },
    ],
  };
};
