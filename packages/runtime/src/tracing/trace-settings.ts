import { decimal, integer, type Setting, secret, text, toggle, type Values } from '../settings.ts';

const endpoint = (variable: string, help: string): Setting<string | undefined> => ({
  ...text(variable, { help, fallback: undefined }),
  read(raw) {
    if (raw === undefined) return { value: undefined };
    const url = URL.parse(raw);
    return url && /^https?:$/.test(url.protocol)
      ? { value: raw }
      : { problem: `expected an http or https URL, got ${JSON.stringify(raw)}` };
  },
});

const named = (variable: string, help: string): Setting<string | undefined> =>
  text(variable, { help, fallback: undefined });

const protocols = ['http/protobuf', 'http/json'] as const;
type OtlpProtocol = (typeof protocols)[number];

const protocol: Setting<OtlpProtocol> = {
  ...text('OTEL_EXPORTER_OTLP_PROTOCOL', {
    help: 'how spans are sent: http/protobuf or http/json',
    fallback: 'http/protobuf',
  }),
  read(raw = 'http/protobuf') {
    const value = protocols.find((one) => one === raw);
    if (value) return { value };
    const hint =
      raw === 'grpc' ? '; gRPC is not spoken: give the HTTP port of the collector, often 4318' : '';
    return { problem: `expected one of ${protocols.join(', ')}, got ${JSON.stringify(raw)}${hint}` };
  },
};

const exporter: Setting<'otlp' | 'none' | undefined> = {
  ...named(
    'OTEL_TRACES_EXPORTER',
    'otlp: send traces; none: send none; unset: send them if an endpoint is set',
  ),
  read(raw) {
    if (raw === undefined || raw === 'otlp' || raw === 'none') return { value: raw };
    return { problem: `expected otlp or none, got ${JSON.stringify(raw)}` };
  },
};

/** `key=value,key=value`, each value as in a URL. Undefined when it cannot be read. */
const readPairs = (raw: string): Readonly<Record<string, string>> | undefined => {
  try {
    const pairs = raw.split(',').filter((pair) => pair.trim() !== '');
    const read = pairs.map((pair) => {
      const at = pair.indexOf('=');
      return [pair.slice(0, at).trim(), decodeURIComponent(pair.slice(at + 1).trim()), at > 0] as const;
    });
    return read.every(([, , isPair]) => isPair)
      ? Object.fromEntries(read.map(([key, value]) => [key, value]))
      : undefined;
  } catch {
    return undefined;
  }
};

type Pairs = Readonly<Record<string, string>>;
const pairs = (setting: Setting<string | undefined>): Setting<Pairs> => ({
  ...setting,
  read(raw = '') {
    const value = readPairs(raw);
    // The value may hold a secret, so it is not repeated.
    return value ? { value } : { problem: 'expected key=value pairs with commas between' };
  },
});

const samplers = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;
export type SamplerName = (typeof samplers)[number];

const sampler: Setting<SamplerName> = {
  ...text('OTEL_TRACES_SAMPLER', {
    help: 'which conversations are traced, always all of a conversation: always_on, always_off or traceidratio, with parentbased_ in front where an agent follows its router',
    fallback: 'parentbased_always_on',
  }),
  read(raw = 'parentbased_always_on') {
    const value = samplers.find((one) => one === raw);
    return value
      ? { value }
      : { problem: `expected one of ${samplers.join(', ')}, got ${JSON.stringify(raw)}` };
  },
};

/** True where texts may be put into spans. The values are those of OpenTelemetry's own instrumentations. */
const content: Setting<boolean> = {
  ...text('OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT', {
    help: 'span_only: what models are sent and answer goes into the spans; no_content: it does not',
    fallback: 'no_content',
  }),
  read(raw = 'no_content') {
    const word = raw.toLowerCase();
    if (['span_only', 'span_and_event', 'true'].includes(word)) return { value: true };
    if (['no_content', 'false'].includes(word)) return { value: false };
    return { problem: `expected span_only or no_content, got ${JSON.stringify(raw)}` };
  },
};

/** The standard variables of OpenTelemetry that both services read. Traces are off unless one of the first three turns them on. */
export const traceSettings = {
  tracesExporter: exporter,
  otlpEndpoint: endpoint(
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    'collector of traces (OTLP over HTTP), such as http://localhost:4318; /v1/traces is added',
  ),
  tracesEndpoint: endpoint('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'the same with its path, used as it is'),
  tracesDisabled: toggle('OTEL_SDK_DISABLED', { help: 'true: no traces', fallback: false }),
  otlpProtocol: protocol,
  otlpHeaders: pairs(
    secret('OTEL_EXPORTER_OTLP_HEADERS', 'headers for the collector: key=value pairs with commas between'),
  ),
  otlpTimeoutMs: integer('OTEL_EXPORTER_OTLP_TIMEOUT', {
    help: 'milliseconds for one export, with its retries',
    fallback: 10_000,
    min: 1,
    max: 600_000,
  }),
  serviceName: named('OTEL_SERVICE_NAME', 'service.name of the spans; unset: parley-router or parley-agent'),
  resourceAttributes: pairs(
    named(
      'OTEL_RESOURCE_ATTRIBUTES',
      'further attributes of the resource: key=value pairs with commas between',
    ),
  ),
  tracesSampler: sampler,
  tracesRatio: decimal('OTEL_TRACES_SAMPLER_ARG', {
    help: 'share of the conversations that traceidratio keeps, decided by the id of the conversation',
    fallback: 1,
    min: 0,
    max: 1,
  }),
  spanQueue: integer('OTEL_BSP_MAX_QUEUE_SIZE', {
    help: 'spans that may wait to be sent; further ones are dropped and counted',
    fallback: 2_048,
    min: 1,
    max: 1_000_000,
  }),
  spanBatch: integer('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', {
    help: 'spans in one export',
    fallback: 512,
    min: 1,
    max: 1_000_000,
  }),
  spanDelayMs: integer('OTEL_BSP_SCHEDULE_DELAY', {
    help: 'milliseconds between exports',
    fallback: 5_000,
    min: 1,
    max: 600_000,
  }),
  capturesContent: content,
};
export type TraceSettings = Values<typeof traceSettings>;

/** Where spans are sent; undefined when traces are off. */
export const collectorUrl = (settings: TraceSettings): string | undefined => {
  const { tracesExporter, otlpEndpoint, tracesEndpoint, tracesDisabled } = settings;
  if (tracesDisabled || tracesExporter === 'none') return undefined;
  if (tracesEndpoint !== undefined) return tracesEndpoint;
  if (otlpEndpoint !== undefined) return `${otlpEndpoint.replace(/\/+$/, '')}/v1/traces`;
  return tracesExporter === 'otlp' ? 'http://localhost:4318/v1/traces' : undefined;
};
