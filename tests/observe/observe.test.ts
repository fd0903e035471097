import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Entry } from '@parley/protocol';
import { agentMetrics, routerMetrics } from '@parley/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { dashboard } from '../../deploy/grafana/dashboard.ts';
import { FakeOpenAi } from '../harness/fake-openai.ts';
import { RunningRouter, startAgent } from '../harness/parley.ts';
import { until } from '../harness/poll.ts';
import { killAll } from '../harness/started-process.ts';
import { program, run } from './programs.ts';
import { Prometheus } from './prometheus.ts';
import { alertExpressions, asGrafanaSends, dashboardExpressions, operandsOf, recordings } from './promql.ts';

const prometheusPath = program('prometheus');
const promtool = program('promtool');
const deployed = new URL('../../deploy/prometheus/', import.meta.url);
const alerts = readFileSync(new URL('alerts.yml', deployed), 'utf8');
const recorded = recordings(readFileSync(new URL('recording.yml', deployed), 'utf8'));
const turns = 40;

/** The configuration that ships, with addresses that are here and a scrape every second. */
const configuration = (router: string, agents: readonly string[]) => {
  const shipped = parse(readFileSync(new URL('prometheus.yml', deployed), 'utf8'));
  const targets: Record<string, readonly string[]> = { router: [router], agent: agents };
  return {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: shipped.rule_files.map((name: string) => fileURLToPath(new URL(name, deployed))),
    scrape_configs: shipped.scrape_configs
      .filter(({ job_name }: { job_name: string }) => job_name in targets)
      .map(({ job_name }: { job_name: string }) => ({
        job_name,
        static_configs: [{ targets: targets[job_name] }],
      })),
  };
};

describe.skipIf(!prometheusPath || !promtool)('a conversation that Prometheus watches', () => {
  let router: RunningRouter;
  let model: FakeOpenAi;
  let prometheus: Prometheus;
  let pages: string[];

  beforeAll(async () => {
    model = await FakeOpenAi.start({ delayMs: 20 });
    for (let call = 0; call < 5; call++)
      model.next.push({ kind: 'error', status: 429, headers: { 'retry-after-ms': '20' } }, { kind: 'reply' });
    const prices = join(mkdtempSync(join(tmpdir(), 'parley-prices-')), 'prices.json');
    writeFileSync(prices, JSON.stringify({ 'a-model': { input: 1, output: 4 } }));
    router = await RunningRouter.start({ ROUTER_PRICES: prices, ROUTER_POOLS: 'another-model=60/100000@8' });
    const common = { ROUTER_URL: router.url, AGENT_HEALTH_PORT: '0', AGENT_MAX_TURNS: String(turns) };
    const agents = [
      startAgent(['bob', 'alice'], {
        ...common,
        AGENT_MODEL_KIND: 'rehearsal',
        AGENT_REHEARSAL_DELAY_MS: '300',
      }),
      startAgent(['alice', 'bob', 'true'], {
        ...common,
        OPENAI_BASE_URL: model.baseUrl,
        OPENAI_API_KEY: 'none',
        OPENAI_MODEL: 'a-model',
      }),
    ];
    const serving = await Promise.all(
      agents.map((agent) => agent.logged('serving /healthz, /readyz and /metrics')),
    );
    const addresses = serving.map(({ port }) => `127.0.0.1:${port}`);
    const routerAddress = new URL(router.http).host;
    pages = [routerAddress, ...addresses].map((address) => `http://${address}/metrics`);
    prometheus = await Prometheus.start(prometheusPath!, configuration(routerAddress, addresses));
  }, 60_000);
  afterAll(async () => {
    await prometheus?.stop();
    await killAll();
    await model?.stop();
  });

  /** Some figures have data only once the conversation has ended. */
  const hasData = async (query: string): Promise<void> => {
    await until(
      `data for ${query}`,
      async () => (await prometheus.query(query)).some(({ value }) => Number.isFinite(value)),
      60_000,
    );
  };

  it.each([...new Set(dashboardExpressions(dashboard))])(
    'Prometheus has data of a conversation for the panel %s',
    async (expression) => {
      const query = asGrafanaSends(expression, '1m');
      await hasData(query);
    },
  );

  it('Prometheus evaluates every alert on existing series, and none fires', async () => {
    const rules = await until('an evaluation of every rule', async () => {
      const all = await prometheus.rules();
      return all.every(({ health }) => health !== 'unknown') ? all : undefined;
    });
    expect(rules.map(({ name, health, lastError }) => [name, health, lastError])).toEqual(
      rules.map(({ name }) => [name, 'ok', undefined]),
    );
    expect(rules.filter(({ state }) => state === 'firing')).toEqual([]);
  });

  // Names alone would not do: a label value that nothing exposes makes an alert that never fires.
  it.each([...new Set(alertExpressions(alerts).flatMap(operandsOf))])(
    'Prometheus has data for the operand %s of an alert',
    async (operand) => {
      await hasData(operand);
    },
  );

  it.each([...recorded.keys()])('Prometheus records the figure %s', (name) => hasData(name));

  it('the processes expose every documented metric and no other one', async () => {
    const [ofRouter = '', ...ofAgents] = await Promise.all(
      pages.map(async (page) => (await fetch(page)).text()),
    );
    const families = (page: string) =>
      [...page.matchAll(/^# TYPE ((?:parley|gen_ai)_\w+) /gm)].map(([, name]) => name).sort();
    const defined = (all: object) =>
      Object.values(all)
        .map(({ name }) => name)
        .sort();
    expect(families(ofRouter)).toEqual(defined(routerMetrics));
    for (const page of ofAgents) expect(families(page)).toEqual(defined(agentMetrics));
  });

  it('the metrics count what the ledger holds', async () => {
    const { id } = await router.ended('alice', 60_000);
    const entries: readonly Entry[] = await router.entries(id);
    const said = entries.filter((entry) => entry.type === 'said');
    const used = said.reduce((sum, { usage }) => sum + (usage?.inputTokens ?? 0), 0);
    const counted = (expression: string, value: number) =>
      until(`${expression} is ${value}`, async () =>
        (await prometheus.query(expression))[0]?.value === value ? true : undefined,
      );
    await counted('parley_turns_total{outcome="said"}', said.length);
    await counted('parley_tokens_total{direction="input"}', used);
    await counted('parley_turn_wait_seconds_count', said.length);
    await counted('parley_turn_model_seconds_count', said.length);
    await counted('sum(parley_agent_turns_total{outcome="said"})', said.length);
    await counted('parley_ledger_entries_total', entries.length);
    await counted('parley_conversations_ended_total{reason="max-turns"}', 1);
    await counted('parley_conversations_running', 0);
    await counted('parley_agents_connected', 2);
    await counted('parley_connections{dialect="v1"}', 2);
    const retries = await prometheus.query('sum(parley_agent_model_retries_total)');
    expect(retries[0]?.value).toBeGreaterThan(0);
    await counted('sum(gen_ai_client_inference_duration_seconds_count{error_type!=""})', retries[0]!.value);
  });

  it('promtool finds no fault in the exposed metrics', async () => {
    for (const page of pages) {
      const response = await fetch(page);
      expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
      const own = (await response.text())
        .split('\n')
        .filter((line) => /^(# \w+ )?(parley|gen_ai)_/.test(line));
      expect(own.length).toBeGreaterThan(20);
      const { code, output } = await run(promtool!, ['check', 'metrics'], { input: `${own.join('\n')}\n` });
      expect(code, output).toBe(0);
    }
  });
});
