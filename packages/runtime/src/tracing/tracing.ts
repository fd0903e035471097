import { AsyncLocalStorage } from 'node:async_hooks';
import type { TraceSettings } from './trace-settings.ts';
import type { SpanIdentity } from './traceparent.ts';

export type Attributes = Readonly<Record<string, string | number | boolean | string[]>>;

/** What a log line says of the span in which it was written. */
export interface TraceIds {
  readonly trace_id: string;
  readonly span_id: string;
}

/** One piece of work. Nothing of it throws, and nothing waits for the exporter. */
export interface Span {
  /** The W3C trace context, for the process or the server that does a part of the work. */
  readonly traceparent: string;
  readonly ids: TraceIds;
  set(attributes: Attributes): void;
  /** `at`: ms since 1970; now when missing. */
  event(name: string, attributes: Attributes, at?: number): void;
  /** Points to a span of another trace, or of a peer that is not trusted to be the parent. */
  link(traceparent: string): void;
  /** The work failed. `type` is one of a closed set; `detail` is for the operator and never what was said. */
  fail(type: string, detail?: string): void;
  end(at?: number): void;
}

export interface SpanStart {
  readonly name: string;
  readonly kind: 'internal' | 'client';
  /** Decides whether the span is kept: all spans of a conversation are, or none. */
  readonly conversation: string;
  readonly attributes: Attributes;
  /** `traceparent` of the span of which this one is a part; a new trace begins when it is missing. */
  readonly parent?: string | undefined;
  /** The ids of a span that begins a trace, where other processes can know them without being told; random when missing. */
  readonly identity?: Pick<SpanIdentity, 'traceId' | 'spanId'>;
  /** `traceparent` of spans that led to this one. */
  readonly links?: readonly string[];
  /** Ms since 1970; now when missing. */
  readonly at?: number;
}

/** What became of the spans that ended. */
export interface SpanCounts {
  readonly exported: number;
  /** The queue of the exporter was full. */
  readonly dropped: number;
  /** The collector could not be reached, or refused them. */
  readonly failed: number;
}

export const noSpans: SpanCounts = { exported: 0, dropped: 0, failed: 0 };

/** Where spans go. Where traces are off there is none, and no code of the exporter is loaded. */
export interface Tracing {
  readonly counts: SpanCounts;
  /** Whether the texts of messages may be put into spans. */
  readonly capturesContent: boolean;
  start(span: SpanStart): Span;
  /** Sends what waits, for a bounded time. */
  stop(): Promise<void>;
}

export interface TracingOptions {
  readonly settings: TraceSettings;
  readonly service: 'router' | 'agent';
  readonly version: string;
  /** Spans could not be sent. */
  readonly onFailure: (problem: string) => void;
}

const scope = new AsyncLocalStorage<Span>();

/** Runs `work` inside the span: log lines that it writes carry the ids, also after it has waited. */
export const inSpan = <T>(span: Span | undefined, work: () => T): T =>
  span ? scope.run(span, work) : work();

/** The span in which the caller runs. */
export const activeSpan = (): Span | undefined => scope.getStore();

/** The header for a server that does a part of the work; none outside a span. */
export const traceHeaders = (): { readonly traceparent?: string } => {
  const span = activeSpan();
  return span ? { traceparent: span.traceparent } : {};
};
