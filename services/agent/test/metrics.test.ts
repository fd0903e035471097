import { noSpans } from '@parley/runtime';
import { describe, expect, it } from 'vitest';
import { ProcessMetrics } from '../src/metrics.ts';

const gauges = { registered: () => true, reconnects: () => 0, active: () => 0 };

describe('the metrics of model calls', () => {
  it('the metrics of model calls are labelled with the requested model, and with “other” after many models', async () => {
    const all = new ProcessMetrics({ version: '0', revision: 'none' }, () => noSpans);
    const metrics = all.of('crowd-3', { provider: 'test', model: 'own' });
    metrics.observe(gauges);
    const usage = { inputTokens: 3, outputTokens: 2 };
    for (const model of ['own', 'large', ...Array.from({ length: 30 }, (_, i) => `m${i}`)]) {
      metrics.called({ model, seconds: 1, error: undefined, usage, isCut: true });
    }
    const text = await all.registry.metrics();
    const tokens = text.split('\n').filter((line) => line.includes('input_tokens_total{'));
    const of = (model: string) => tokens.find((line) => line.includes(`gen_ai_request_model="${model}"`));
    expect([of('own'), of('large'), of('other')].map((line) => line?.split(' ').at(-1))).toEqual([
      '3',
      '3',
      '48',
    ]);
    expect(tokens).toHaveLength(17);
    expect(text).toContain('parley_agent_replies_cut_total{agent="crowd-3"} 32');
  });
});

describe('the metrics of several agents of one process', () => {
  it('the metrics of several agents name the agent in every series, and of all exist from the start', async () => {
    const all = new ProcessMetrics({ version: '0', revision: 'none' }, () => noSpans);
    const [ann, ben] = ['ann', 'ben'].map((name) => all.of(name, { provider: 'test', model: name }));
    ann!.observe(gauges);
    ben!.observe({ ...gauges, registered: () => false });
    ann!.turnEnded('said');
    ben!.caught('turn');
    all.caught();
    const lines = (await all.registry.metrics()).split('\n').filter((line) => /^(parley|gen_ai)/.test(line));
    for (const series of [
      'parley_agent_info{agent="ann"} 1',
      'parley_agent_info{agent="ben"} 1',
      'parley_agent_connected{agent="ann"} 1',
      'parley_agent_connected{agent="ben"} 0',
      'parley_agent_turns_total{outcome="said",agent="ann"} 1',
      'parley_agent_turns_total{outcome="said",agent="ben"} 0',
      'parley_agent_faults_total{place="turn",agent="ann"} 0',
      'parley_agent_faults_total{place="turn",agent="ben"} 1',
      'parley_agent_faults_total{place="process",agent=""} 1',
    ])
      expect(lines).toContain(series);
    const ofProcess = /^parley_(build_info|agent_spans_total)\b/;
    for (const line of lines.filter((one) => !ofProcess.test(one))) expect(line).toMatch(/agent="/);
  });
});
