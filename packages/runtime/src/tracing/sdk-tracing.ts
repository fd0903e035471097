import {
  type Context,
  ROOT_CONTEXT,
  type Span as SdkSpan,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { type IdGenerator, RandomIdGenerator, TracerProvider } from '@opentelemetry/sdk-trace';
import { ConversationSampler } from './conversation-sampler.ts';
import { genAi, spanNames } from './gen-ai.ts';
import { SpanQueue } from './span-queue.ts';
import { readTraceparent, traceparentOf } from './traceparent.ts';
import type { Attributes, Span, SpanCounts, SpanStart, Tracing, TracingOptions } from './tracing.ts';

/** A process that stops waits no longer for its collector. */
const stopMs = 2_000;
/** One text in a span; what models are sent is cut to fewer characters before. */
const longestValue = 128 * 1_024;

const contextOf = (traceparent: string): SpanContext | undefined => {
  const identity = readTraceparent(traceparent);
  if (!identity) return undefined;
  const { traceId, spanId, isSampled } = identity;
  return { traceId, spanId, traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE, isRemote: true };
};

class SdkBackedSpan implements Span {
  readonly #span: SdkSpan;

  constructor(span: SdkSpan) {
    this.#span = span;
  }

  get traceparent(): string {
    const { traceId, spanId, traceFlags } = this.#span.spanContext();
    return traceparentOf({ traceId, spanId, isSampled: (traceFlags & TraceFlags.SAMPLED) === 1 });
  }

  get ids() {
    const { traceId, spanId } = this.#span.spanContext();
    return { trace_id: traceId, span_id: spanId };
  }

  set(attributes: Attributes): void {
    this.#span.setAttributes(attributes);
  }

  event(name: string, attributes: Attributes, at?: number): void {
    this.#span.addEvent(name, attributes, at);
  }

  link(traceparent: string): void {
    const context = contextOf(traceparent);
    if (context) this.#span.addLink({ context });
  }

  fail(type: string, detail?: string): void {
    this.#span.setAttribute(spanNames.errorType, type);
    this.#span.setStatus({ code: SpanStatusCode.ERROR, ...(detail !== undefined && { message: detail }) });
  }

  end(at?: number): void {
    this.#span.end(at);
  }
}

/** Random ids, or those that the next span is to have: the SDK asks for them while it starts a span. */
class ChosenIds implements IdGenerator {
  readonly #random = new RandomIdGenerator();
  next: SpanStart['identity'];

  generateTraceId(): string {
    return this.next?.traceId ?? this.#random.generateTraceId();
  }

  generateSpanId(): string {
    return this.next?.spanId ?? this.#random.generateSpanId();
  }
}

class SdkTracing implements Tracing {
  readonly capturesContent: boolean;
  readonly #queue: SpanQueue;
  readonly #ids = new ChosenIds();
  readonly #provider: TracerProvider;
  readonly #tracer: Tracer;

  constructor({ settings, service, version, url, onFailure }: TracingOptions & { readonly url: string }) {
    const { otlpProtocol, otlpHeaders, otlpTimeoutMs, serviceName, resourceAttributes } = settings;
    const Exporter = otlpProtocol === 'http/json' ? JsonExporter : ProtobufExporter;
    this.capturesContent = settings.capturesContent;
    this.#queue = new SpanQueue({
      exporter: new Exporter({ url, headers: otlpHeaders, timeoutMillis: otlpTimeoutMs }),
      most: settings.spanQueue,
      batch: settings.spanBatch,
      delayMs: settings.spanDelayMs,
      timeoutMs: otlpTimeoutMs,
      onFailure,
    });
    this.#provider = new TracerProvider({
      resource: resourceFromAttributes({
        'service.version': version,
        ...resourceAttributes,
        'service.name': serviceName ?? resourceAttributes['service.name'] ?? `parley-${service}`,
      }),
      sampler: new ConversationSampler(settings.tracesSampler, settings.tracesRatio),
      spanLimits: { attributeValueLengthLimit: longestValue },
      idGenerator: this.#ids,
      spanProcessors: [this.#queue],
    });
    this.#tracer = this.#provider.getTracer('parley', version);
  }

  get counts(): SpanCounts {
    return this.#queue.counts;
  }

  start({ name, kind, conversation, attributes, parent, identity, links = [], at }: SpanStart): Span {
    const above = parent === undefined ? undefined : contextOf(parent);
    const context: Context = above ? trace.setSpanContext(ROOT_CONTEXT, above) : ROOT_CONTEXT;
    this.#ids.next = identity;
    const span = this.#tracer.startSpan(
      name,
      {
        kind: kind === 'client' ? SpanKind.CLIENT : SpanKind.INTERNAL,
        attributes: { [genAi.conversation]: conversation, [spanNames.session]: conversation, ...attributes },
        links: links.flatMap((link) => {
          const linked = contextOf(link);
          return linked ? [{ context: linked }] : [];
        }),
        ...(at !== undefined && { startTime: at }),
      },
      context,
    );
    this.#ids.next = undefined;
    return new SdkBackedSpan(span);
  }

  async stop(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, stopMs);
    });
    // What could not be sent has been counted and told.
    await Promise.race([this.#provider.shutdown().catch(() => {}), late]);
    clearTimeout(timer);
  }
}

export const makeSdkTracing = (options: TracingOptions & { readonly url: string }): Tracing =>
  new SdkTracing(options);
