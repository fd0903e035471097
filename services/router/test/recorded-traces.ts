import type { Attributes, Span, Tracing } from '@parley/runtime';

interface RecordedSpan extends Span {
  readonly name: string;
  readonly parent: string | undefined;
  readonly links: string[];
  readonly attributes: Record<string, unknown>;
  readonly events: { readonly name: string; readonly attributes: Attributes }[];
  readonly startedAt: number | undefined;
  endedAt: number | undefined;
  failure: string | undefined;
}

/** Traces that a test can look at. Ids count up where a span is given none. */
export const recordedTraces = () => {
  const spans: RecordedSpan[] = [];
  const tracing: Tracing = {
    counts: { exported: 0, dropped: 0, failed: 0 },
    capturesContent: false,
    stop: async () => {},
    start({ name, parent, identity, links = [], attributes, at, conversation }) {
      const number = spans.length + 1;
      const spanId = identity?.spanId ?? number.toString(16).padStart(16, '0');
      const traceId = parent?.slice(3, 35) ?? identity?.traceId ?? number.toString(16).padStart(32, '0');
      const span: RecordedSpan = {
        name,
        parent,
        links: [...links],
        attributes: { conversation, ...attributes },
        events: [],
        startedAt: at,
        endedAt: undefined,
        failure: undefined,
        traceparent: `00-${traceId}-${spanId}-01`,
        ids: { trace_id: traceId, span_id: spanId },
        set: (more) => void Object.assign(span.attributes, more),
        event: (event, about) => void span.events.push({ name: event, attributes: about }),
        link: (traceparent) => void span.links.push(traceparent),
        fail: (type) => {
          span.failure = type;
        },
        end: (ended) => {
          span.endedAt = ended ?? Number.NaN;
        },
      };
      spans.push(span);
      return span;
    },
  };
  return { tracing, spans, named: (name: string) => spans.filter((span) => span.name === name) };
};
