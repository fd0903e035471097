import { readSettings } from '@parley/agent/read-settings';
import { makeLogger } from '@parley/runtime';
import { afterEach, expect, it } from 'vitest';
import { HostedAgents } from '../../services/agent/src/hosted-agents.ts';
import { Pools } from '../../services/router/src/quota/pools.ts';
import { serveRouter } from '../../services/router/test/socket/served-router.ts';
import { FakeOpenAi } from '../harness/fake-openai.ts';
import { until } from '../harness/poll.ts';

const model = 'shared';
/** 60 calls a minute, with minutes of two seconds. */
const rate = { calls: 60, windowMs: 2_000 };
const agents = 50;
const turns = 6;

let server: FakeOpenAi;
let hosted: HostedAgents;
afterEach(async () => {
  await hosted.stop();
  await server.stop();
});

/** Fifty agents in this process; each opens a conversation with the next. */
const startAgents = async (routerUrl: string): Promise<void> => {
  const targets = Array.from({ length: agents }, (_, i) => [
    `AGENT_AGENT_${i}_TARGET`,
    `agent-${(i + 1) % agents}`,
  ]);
  const cast = readSettings([], {
    ROUTER_URL: routerUrl,
    OPENAI_BASE_URL: server.baseUrl,
    OPENAI_API_KEY: 'one-key',
    OPENAI_MODEL: model,
    AGENT_NAMES: `agent-{0..${agents - 1}}`,
    AGENT_FIRST_SPEAKER: 'true',
    AGENT_MAX_TURNS: String(turns),
    AGENT_CAPACITY: '2',
    ...Object.fromEntries(targets),
  });
  hosted = await HostedAgents.make(
    cast.map((settings) => ({ name: settings.name!, settings })),
    {
      log: makeLogger('agent', 'fatal'),
      tracing: undefined,
      revision: undefined,
      onAllDismissed: () => expect.unreachable('the router dismissed the agents'),
    },
  );
  hosted.start();
};

it('fifty agents behind one key never meet the limit of their model server, and none starves', async () => {
  server = await FakeOpenAi.start({ rate, delayMs: 40, tokens: 6 });
  const rules = new Map([[model, { requests: rate.calls, tokens: 0 }]]);
  const { port, router } = await serveRouter({ pools: new Pools(rules, rate.windowMs) });
  const order: string[] = [];
  router.conversations.follow('reader', ({ after, entries }) => {
    for (const { type } of entries) if (type === 'said') order.push(after.id);
  });
  await startAgents(`ws://127.0.0.1:${port}`);

  const all = () => [...new Set(order)].map((id) => router.conversations.find(id));
  const linesOf = () => all().map((state) => state?.turnsTaken);
  const done = () => linesOf().filter((lines) => lines === turns).length === agents;
  await until('every conversation has had its turns', done, 60_000);
  expect(server.limited).toBe(0);
  expect(server.connectionLimits).toHaveLength(agents * turns);
  // First come, first served: while one agent waits, each other agent speaks about once.
  for (const places of Map.groupBy(order.keys(), (place) => order[place]).values()) {
    const waits = places.slice(1).map((place, index) => place - (places[index] as number));
    expect(Math.max(...waits)).toBeLessThanOrEqual(2 * agents);
  }
  for (const state of all()) expect(state?.status).toMatchObject({ reason: 'max-turns' });
});
