import { describe, expect, it } from 'vitest';
import { type Environment, loadSettings, problemsOf as settingProblems } from '../../src/settings.ts';
import { collectorUrl, traceSettings } from '../../src/tracing/trace-settings.ts';

const settingsOf = (env: Environment) => loadSettings(traceSettings, env, { prefixes: [] });
const urlOf = (env: Environment) => collectorUrl(settingsOf(env));
const problemsOf = (env: Environment) => settingProblems(() => settingsOf(env));

describe('the settings of traces', () => {
  it('the settings of traces cause no export while none of them is set', () => {
    expect(urlOf({})).toBeUndefined();
    expect(settingsOf({}).capturesContent).toBe(false);
  });

  it.each([
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' }, 'http://c:4318/v1/traces'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318/otel/' }, 'http://c:4318/otel/v1/traces'],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://c/t' }, 'https://c/t'],
    [{ OTEL_TRACES_EXPORTER: 'otlp' }, 'http://localhost:4318/v1/traces'],
    [{ OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' }, undefined],
    [{ OTEL_SDK_DISABLED: 'true', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' }, undefined],
  ])('the settings of traces with %o export spans to %s', (env, url) => {
    expect(urlOf(env as Environment)).toBe(url);
  });

  it('the settings of traces read headers and attributes in the format of OpenTelemetry', () => {
    const { otlpHeaders, resourceAttributes } = settingsOf({
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Basic%20YTpi,x-key = 1=2',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
    });
    expect(otlpHeaders).toEqual({ authorization: 'Basic YTpi', 'x-key': '1=2' });
    expect(resourceAttributes).toEqual({ 'deployment.environment.name': 'test' });
  });

  it('the settings of traces report all problems at once, and never repeat a header', () => {
    const problems = problemsOf({
      OTEL_TRACES_EXPORTER: 'console',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      OTEL_EXPORTER_OTLP_HEADERS: 'a-secret',
      OTEL_TRACES_SAMPLER: 'jaeger_remote',
      OTEL_TRACES_SAMPLER_ARG: '2',
      OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'event_only',
    });
    expect(problems).toHaveLength(7);
    expect(problems.join('\n')).toContain('gRPC is not spoken');
    expect(problems.join('\n')).not.toContain('a-secret');
  });
});
