/** The identity of a span, as the W3C writes it in `traceparent`: version, trace id, span id, flags. */
export interface SpanIdentity {
  readonly traceId: string;
  readonly spanId: string;
  readonly isSampled: boolean;
}

const form = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;

/** Undefined for a text that names no span: an unknown form, or an id of zeros. */
export const readTraceparent = (text: string): SpanIdentity | undefined => {
  const [, traceId, spanId, flags] = form.exec(text) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
};

export const traceparentOf = ({ traceId, spanId, isSampled }: SpanIdentity): string =>
  `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`;
