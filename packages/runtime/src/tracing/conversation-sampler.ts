import { type Context, type Attributes as SdkAttributes, type SpanKind, trace } from '@opentelemetry/api';
import { type Sampler, SamplingDecision, type SamplingResult } from '@opentelemetry/sdk-trace';
import { conversationShare } from './conversation-share.ts';
import { genAi } from './gen-ai.ts';
import type { SamplerName } from './trace-settings.ts';

/**
 * Keeps all spans of a conversation or none. A ratio by trace id would keep single turns of each conversation, because each turn
 * is a trace. Router and agents decide alike without asking each other, because they hash the same id.
 */
export class ConversationSampler implements Sampler {
  readonly #followsParent: boolean;
  readonly #share: number;

  constructor(name: SamplerName, ratio: number) {
    this.#followsParent = name.startsWith('parentbased_');
    this.#share = name.endsWith('always_on') ? 1 : name.endsWith('always_off') ? 0 : ratio;
  }

  shouldSample(
    context: Context,
    _traceId: string,
    _name: string,
    _kind: SpanKind,
    attributes: SdkAttributes,
  ): SamplingResult {
    const parent = this.#followsParent ? trace.getSpanContext(context) : undefined;
    const isKept = parent
      ? (parent.traceFlags & 1) === 1
      : conversationShare(String(attributes[genAi.conversation])) < this.#share;
    return { decision: isKept ? SamplingDecision.RECORD_AND_SAMPLED : SamplingDecision.NOT_RECORD };
  }

  toString(): string {
    return `ConversationSampler{${this.#share}}`;
  }
}
