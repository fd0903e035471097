import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const index = new URL('../../src/index.ts', import.meta.url).href;

/** Opens tracing twice in a process of its own, without a collector and with one, and counts the modules of the SDK that were asked for. */
const program = `
import { registerHooks } from 'node:module';
let asked = 0;
registerHooks({
  resolve(specifier, context, next) {
    if (specifier.startsWith('@opentelemetry/')) asked++;
    return next(specifier, context);
  },
});
const { loadSettings, makeLogger, openTracing, traceSettings } = await import(${JSON.stringify(index)});
const open = (env) =>
  openTracing(
    { settings: loadSettings(traceSettings, env, { prefixes: [] }), service: 'agent', version: '0' },
    makeLogger('agent', 'silent'),
  );
const off = await open({});
const whileOff = asked;
const on = await open({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' });
const attributes = {};
const span = on.start({ name: 'turn', kind: 'internal', conversation: 'c', attributes });
const child = on.start({ name: 'chat', kind: 'client', conversation: 'c', attributes, parent: span.traceparent });
const identity = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8) };
const named = on.start({ name: 'turn', kind: 'internal', conversation: 'c', attributes, identity });
const after = on.start({ name: 'turn', kind: 'internal', conversation: 'c', attributes });
const told = {
  hasItsIds: named.traceparent === '00-' + identity.traceId + '-' + identity.spanId + '-01',
  hasIdsOfItsOwn: new Set([span, named, after].map(({ ids }) => ids.trace_id)).size === 3,
  off: off === undefined,
  whileOff,
  whileOn: asked > 0,
  isChild: child.traceparent.slice(0, 35) === span.traceparent.slice(0, 35),
  isSampled: child.traceparent.endsWith('-01'),
};
console.log(JSON.stringify(told));
process.exit(0);
`;

describe('tracing', () => {
  it('tracing loads no module of the SDK until a collector is named, and then continues a trace', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--input-type=module',
      '--eval',
      program,
    ]);
    expect(JSON.parse(stdout)).toEqual({
      hasItsIds: true,
      hasIdsOfItsOwn: true,
      off: true,
      whileOff: 0,
      whileOn: true,
      isChild: true,
      isSampled: true,
    });
  });
});
