import { ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { SamplingDecision } from '@opentelemetry/sdk-trace';
import { describe, expect, it } from 'vitest';
import { ConversationSampler } from '../../src/tracing/conversation-sampler.ts';
import { conversationShare } from '../../src/tracing/conversation-share.ts';
import { genAi } from '../../src/tracing/gen-ai.ts';

const isKept = (sampler: ConversationSampler, conversation: string, traceId: string, parent?: boolean) => {
  const spanContext = { traceId, spanId: '00f067aa0ba902b7', traceFlags: parent ? 1 : 0, isRemote: true };
  const context = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, spanContext);
  const { decision } = sampler.shouldSample(context, traceId, 'turn', SpanKind.INTERNAL, {
    [genAi.conversation]: conversation,
  });
  return decision === SamplingDecision.RECORD_AND_SAMPLED;
};
const traceIds = Array.from({ length: 20 }, (_, n) => n.toString(16).padStart(32, 'a'));
const conversations = Array.from({ length: 2_000 }, (_, n) => `conversation-${n}`);

describe('the sampler of conversations', () => {
  it('the sampler keeps all turns of a conversation or none, whatever their trace ids are', () => {
    const sampler = new ConversationSampler('parentbased_traceidratio', 0.5);
    for (const conversation of conversations.slice(0, 200))
      expect(new Set(traceIds.map((traceId) => isKept(sampler, conversation, traceId))).size).toBe(1);
  });

  it.each([0, 0.1, 0.5, 0.9, 1])('the sampler keeps a share of about %d of the conversations', (share) => {
    const sampler = new ConversationSampler('traceidratio', share);
    const kept = conversations.filter((one) => isKept(sampler, one, traceIds[0]!)).length;
    expect(Math.abs(kept / conversations.length - share)).toBeLessThan(0.05);
  });

  it('the sampler follows the decision of the router if its sampler has that name, and decides alone otherwise', () => {
    const [traceId = ''] = traceIds;
    expect(isKept(new ConversationSampler('parentbased_always_off', 1), 'c', traceId, true)).toBe(true);
    expect(isKept(new ConversationSampler('parentbased_always_on', 1), 'c', traceId, false)).toBe(false);
    expect(isKept(new ConversationSampler('always_on', 1), 'c', traceId, false)).toBe(true);
    expect(isKept(new ConversationSampler('always_off', 1), 'c', traceId, true)).toBe(false);
  });

  it('the sampler spreads ids that differ in one character', () => {
    const shares = Array.from({ length: 10 }, (_, n) => conversationShare(`c${n}`));
    expect(Math.max(...shares) - Math.min(...shares)).toBeGreaterThan(0.5);
  });
});
