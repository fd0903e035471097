import { noSpans } from '@parley/runtime';
import { describe, expect, it } from 'vitest';
import { AgentMetrics } from '../src/metrics.ts';

const gauges = { registered: () => true, reconnects: () => 0, active: () => 0, spans: () => noSpans };

describe('the metrics of model calls', () => {
  it('the metrics of model calls are labelled with the requested model, and with “other” after many models', async () => {
    const metrics = new AgentMetrics({ version: '0', revision: 'none' }, 'crowd-3', {
      provider: 'test',
      model: 'own',
    });
    metrics.observe(gauges);
    const usage = { inputTokens: 3, outputTokens: 2 };
    for (const model of ['own', 'large', ...Array.from({ length: 30 }, (_, i) => `m${i}`)]) {
      metrics.called({ model, seconds: 1, error: undefined, usage, isCut: true });
    }
    const text = await metrics.registry.metrics();
    const tokens = text.split('\n').filter((line) => line.includes('input_tokens_total{'));
    const of = (model: string) => tokens.find((line) => line.includes(`gen_ai_request_model="${model}"`));
    expect([of('own'), of('large'), of('other')].map((line) => line?.split(' ').at(-1))).toEqual([
      '3',
      '3',
      '48',
    ]);
    expect(tokens).toHaveLength(17);
    expect(text).toContain('parley_agent_replies_cut_total 32');
  });
});
