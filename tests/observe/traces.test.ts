import type { Entry } from '@parley/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeOpenAi } from '../harness/fake-openai.ts';
import { RunningRouter, startAgent } from '../harness/parley.ts';
import { until } from '../harness/poll.ts';
import { killAll, type StartedProcess } from '../harness/started-process.ts';
import { OtlpCollector, type ReceivedSpan } from './otlp-collector.ts';

const turns = 6;
const traceOf = ({ traceId, spanId }: ReceivedSpan) => ({ traceId, spanId });
const byTurn = (a: ReceivedSpan, b: ReceivedSpan) =>
  Number(a.attributes['parley.turn.number']) - Number(b.attributes['parley.turn.number']);

describe('a conversation of two agents with traces on', () => {
  let collector: OtlpCollector;
  let model: FakeOpenAi;
  let router: RunningRouter;
  let agents: StartedProcess[];
  let id: string;
  let said: Extract<Entry, { type: 'said' }>[];

  beforeAll(async () => {
    collector = await OtlpCollector.start();
    model = await FakeOpenAi.start();
    model.next.push({ kind: 'error', status: 500, headers: { 'retry-after-ms': '1' } });
    const traced = {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_BSP_SCHEDULE_DELAY: '50',
    };
    router = await RunningRouter.start(traced);
    const common = {
      ...traced,
      ROUTER_URL: router.url,
      OPENAI_BASE_URL: model.baseUrl,
      OPENAI_MODEL: 'a-model',
      AGENT_MAX_TURNS: String(turns),
    };
    agents = [
      startAgent(['bob', 'alice'], {
        ...common,
        OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'span_only',
      }),
      startAgent(['alice', 'bob', 'true'], common),
    ];
    ({ id } = await router.ended('alice', 60_000));
    const entries = await router.entries(id);
    said = entries.filter((entry) => entry.type === 'said');
    await until('the span of every turn, and of every call that was answered', () => {
      const calls = collector.named('chat').filter(({ isFailed }) => !isFailed);
      return collector.named('turn').length === turns && calls.length === turns;
    });
    await until('the spans of the agents', () => collector.named('invoke_agent').length === turns);
  }, 90_000);
  afterAll(async () => {
    await killAll();
    await model?.stop();
    await collector?.stop();
  });

  it('a traced conversation is one session: every span names it', () => {
    for (const { name, attributes } of collector.spans) {
      expect(attributes['gen_ai.conversation.id'], name).toBe(id);
      expect(attributes['session.id'], name).toBe(id);
    }
    expect(new Set(collector.spans.map(({ service }) => service))).toEqual(
      new Set(['parley-router', 'parley-agent']),
    );
  });

  it('a traced conversation has one trace for each turn, linked to the turn before', () => {
    const roots = collector.named('turn').sort(byTurn);
    expect(new Set(roots.map(({ traceId }) => traceId)).size).toBe(turns);
    for (const [index, root] of roots.entries()) {
      expect(root.parentSpanId).toBeUndefined();
      expect(root.attributes['parley.turn.outcome']).toBe('said');
      const before = roots[index - 1];
      if (before) expect(root.links).toContainEqual(traceOf(before));
    }
  });

  it('the spans of a traced conversation have the right parents: turn, agent, call of the model, append to the ledger', () => {
    for (const turn of collector.named('turn')) {
      const below = collector.childrenOf(turn);
      expect(below.map(({ name }) => name).sort()).toEqual(
        [`invoke_agent ${turn.attributes['parley.member']}`, 'ledger append'].sort(),
      );
      const agent = below.find(({ service }) => service === 'parley-agent');
      expect(turn.links).toContainEqual(agent && traceOf(agent));
      const calls = agent ? collector.childrenOf(agent) : [];
      expect(calls.length).toBeGreaterThanOrEqual(1);
      for (const call of calls) expect(call).toMatchObject({ name: 'chat a-model', kind: 'client' });
    }
    const known = new Set(collector.spans.map(({ spanId }) => spanId));
    for (const { name, parentSpanId } of collector.spans)
      if (parentSpanId !== undefined) expect(known.has(parentSpanId), name).toBe(true);
  });

  it('the spans of a traced conversation have the tokens of the ledger', () => {
    const calls = collector.named('chat').filter(({ isFailed }) => !isFailed);
    const sum = (name: string) => calls.reduce((all, { attributes }) => all + Number(attributes[name]), 0);
    expect(sum('gen_ai.usage.input_tokens')).toBe(
      said.reduce((all, { usage }) => all + (usage?.inputTokens ?? 0), 0),
    );
    expect(sum('gen_ai.usage.output_tokens')).toBe(
      said.reduce((all, { usage }) => all + (usage?.outputTokens ?? 0), 0),
    );
    expect(sum('gen_ai.usage.output_tokens')).toBeGreaterThan(0);
  });

  it('a failed call is a span of its own with the reason', () => {
    const [failed, ...more] = collector.named('chat').filter(({ isFailed }) => isFailed);
    expect(failed?.attributes).toMatchObject({
      'error.type': 'model-unavailable',
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'a-model',
    });
    expect(more).toEqual([]);
  });

  it('the model server is sent the context of the span of its call', () => {
    const calls = collector.named('chat').map(({ traceId, spanId }) => `00-${traceId}-${spanId}-01`);
    expect(model.requests.map(({ traceparent }) => traceparent).sort()).toEqual(calls.sort());
  });

  it('the spans have texts only of the agent whose operator has opted in', () => {
    const words = said.map(({ text }) => text);
    expect(words.length).toBe(turns);
    const holdsText = ({ attributes }: ReceivedSpan) =>
      words.some((text) => JSON.stringify(attributes).includes(text));
    const open = collector.spans.filter(holdsText);
    expect(new Set(open.map(({ attributes }) => attributes['gen_ai.agent.name']))).toEqual(new Set(['bob']));
    expect(new Set(open.map(({ name }) => name))).toEqual(new Set(['chat a-model']));
    const [first] = open;
    const output = JSON.parse(String(first?.attributes['gen_ai.output.messages']));
    expect(output).toMatchObject([{ role: 'assistant', parts: [{ type: 'text' }] }]);
    expect(JSON.parse(String(first?.attributes['gen_ai.input.messages'])).length).toBeGreaterThan(0);
  });

  it('the log of a traced conversation has the trace of the last turn in the line of the ending', async () => {
    const [last] = collector.named('turn').sort(byTurn).slice(-1);
    expect(await router.process.logged('conversation ended')).toMatchObject({
      conversation: id,
      trace_id: last?.traceId,
    });
    const retry = await until('the log line of the retry', () =>
      agents.flatMap(({ log }) => log).find(({ msg }) => msg === 'the model server is asked again'),
    );
    expect(collector.named('invoke_agent').map(({ traceId }) => traceId)).toContain(retry.trace_id);
  });
});

describe('a collector in trouble', () => {
  let collector: OtlpCollector;
  beforeAll(async () => {
    collector = await OtlpCollector.start();
  });
  afterAll(async () => {
    await killAll();
    await collector?.stop();
  });

  const spansOf = async (router: RunningRouter) => {
    const page = await (await fetch(`${router.http}/metrics`)).text();
    const value = (outcome: string) =>
      Number(new RegExp(`^parley_spans_total{outcome="${outcome}"} (\\d+)`, 'm').exec(page)?.[1]);
    return { exported: value('exported'), dropped: value('dropped'), failed: value('failed') };
  };

  it('a collector that never answers slows no turn, and lost spans are counted', async () => {
    collector.behaviour = 'silent';
    const traced = {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_BSP_SCHEDULE_DELAY: '1',
      OTEL_BSP_MAX_QUEUE_SIZE: '2',
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '1',
      OTEL_EXPORTER_OTLP_TIMEOUT: '600000',
    };
    const router = await RunningRouter.start(traced);
    const common = { ...traced, ROUTER_URL: router.url, AGENT_MAX_TURNS: '12' };
    startAgent(['bob', 'alice'], common);
    const opener = startAgent(['alice', 'bob', 'true'], common);
    const { id } = await router.ended('alice', 60_000);
    const entries = await router.entries(id);
    expect(entries.at(-1)).toMatchObject({ type: 'ended', reason: 'max-turns' });
    const { exported, dropped } = await spansOf(router);
    expect(exported).toBe(0);
    expect(dropped).toBeGreaterThan(0);
    // It stops all the same.
    await opener.kill('SIGTERM');
    expect(await opener.exited).toMatchObject({ code: 0 });
  });

  it('a failing collector is reported to the operator, and gets the protobuf of the standard by default', async () => {
    collector.behaviour = 'refuse';
    const router = await RunningRouter.start({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_BSP_SCHEDULE_DELAY: '1',
    });
    const common = { ROUTER_URL: router.url, AGENT_MAX_TURNS: '2' };
    startAgent(['bob', 'alice'], common);
    startAgent(['alice', 'bob', 'true'], common);
    await router.ended('alice', 60_000);
    expect(await router.process.logged('spans could not be sent to the collector')).toMatchObject({
      level: 'warn',
      collector: `${collector.url}/v1/traces`,
    });
    await until('failed spans', async () => (await spansOf(router)).failed > 0);
    const [body] = collector.bodies;
    expect(body).toMatchObject({ type: 'application/x-protobuf', path: '/v1/traces' });
    expect(body?.bytes.includes('gen_ai.conversation.id')).toBe(true);
  });
});
