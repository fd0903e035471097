import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A span as a collector sees it, without the wrapping of OTLP. */
export interface ReceivedSpan {
  readonly service: string;
  readonly name: string;
  readonly kind: 'internal' | 'client' | 'other';
  readonly traceId: string;
  readonly spanId: string;
  /** Undefined for the first span of a trace. */
  readonly parentSpanId: string | undefined;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly events: readonly string[];
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly isFailed: boolean;
  readonly tookMs: number;
}

interface OtlpValue {
  readonly stringValue?: string;
  readonly intValue?: string | number;
  readonly doubleValue?: number;
  readonly boolValue?: boolean;
  readonly arrayValue?: { readonly values: readonly OtlpValue[] };
}
interface OtlpAttribute {
  readonly key: string;
  readonly value: OtlpValue;
}
interface OtlpSpan {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly events?: readonly { readonly name: string }[];
  readonly attributes: readonly OtlpAttribute[];
  readonly status?: { readonly code?: number };
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
}
interface OtlpRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly OtlpAttribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}

const plainValue = ({ stringValue, intValue, doubleValue, boolValue, arrayValue }: OtlpValue): unknown =>
  arrayValue?.values.map(plainValue) ??
  stringValue ??
  boolValue ??
  doubleValue ??
  (intValue === undefined ? undefined : Number(intValue));
const recordOf = (attributes: readonly OtlpAttribute[]) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, plainValue(value)]));

const kinds: Readonly<Record<number, ReceivedSpan['kind']>> = { 1: 'internal', 3: 'client' };

const spanOf = (service: string, span: OtlpSpan): ReceivedSpan => ({
  service,
  name: span.name,
  kind: kinds[span.kind] ?? 'other',
  traceId: span.traceId,
  spanId: span.spanId,
  parentSpanId: span.parentSpanId || undefined,
  links: span.links?.map(({ traceId, spanId }) => ({ traceId, spanId })) ?? [],
  events: span.events?.map(({ name }) => name) ?? [],
  attributes: recordOf(span.attributes),
  isFailed: span.status?.code === 2,
  tookMs: Number(BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano)) / 1e6,
});

/** A collector of OTLP over HTTP that keeps what it is sent. It understands `http/json`; of `http/protobuf` it keeps the bytes. */
export class OtlpCollector {
  readonly spans: ReceivedSpan[] = [];
  readonly bodies: { readonly type: string; readonly path: string; readonly bytes: Buffer }[] = [];
  /** What it does with a request. `silent`: it never answers. */
  behaviour: 'accept' | 'refuse' | 'silent' = 'accept';
  readonly #server = createServer((request, response) => void this.#receive(request, response));

  static async start(): Promise<OtlpCollector> {
    const collector = new OtlpCollector();
    await new Promise<void>((resolve) => collector.#server.listen(0, '127.0.0.1', resolve));
    return collector;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  named(start: string): ReceivedSpan[] {
    return this.spans.filter(({ name }) => name === start || name.startsWith(`${start} `));
  }

  childrenOf({ traceId, spanId }: ReceivedSpan): ReceivedSpan[] {
    return this.spans.filter((span) => span.traceId === traceId && span.parentSpanId === spanId);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    try {
      for await (const part of request) parts.push(part as Buffer);
    } catch {
      // The sender has been killed.
      return;
    }
    if (this.behaviour === 'silent') return;
    const type = request.headers['content-type'] ?? '';
    const bytes = Buffer.concat(parts);
    this.bodies.push({ type, path: request.url ?? '', bytes });
    if (this.behaviour === 'refuse') {
      response.writeHead(400).end();
      return;
    }
    if (type === 'application/json') this.#keep(JSON.parse(bytes.toString()) as OtlpRequest);
    response.writeHead(200, { 'content-type': type }).end(type === 'application/json' ? '{}' : '');
  }

  #keep({ resourceSpans }: OtlpRequest): void {
    for (const { resource, scopeSpans } of resourceSpans) {
      const service = String(recordOf(resource.attributes)['service.name']);
      for (const { spans } of scopeSpans) this.spans.push(...spans.map((span) => spanOf(service, span)));
    }
  }
}
