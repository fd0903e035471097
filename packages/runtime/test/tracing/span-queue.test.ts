import { ROOT_CONTEXT } from '@opentelemetry/api';
import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import { type ReadableSpan, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { SpanQueue } from '../../src/tracing/span-queue.ts';

/** A collector that answers when the test says so. */
const queueOf = (most: number, batch: number, delayMs = 10) => {
  const exports: { spans: ReadableSpan[]; done: (result: ExportResult) => void }[] = [];
  const failures: string[] = [];
  const queue = new SpanQueue({
    exporter: {
      export: (spans, done) => void exports.push({ spans: [...spans], done }),
      forceFlush: async () => {},
      shutdown: async () => {},
    },
    ...{ most, batch, delayMs, timeoutMs: 1_000_000 },
    onFailure: (problem) => failures.push(problem),
  });
  const tracer = new TracerProvider({ spanProcessors: [queue] }).getTracer('test');
  const spans = (count: number, attributes = {}) => {
    for (let n = 0; n < count; n++) tracer.startSpan(`span ${n}`, { attributes }, ROOT_CONTEXT).end();
  };
  return { queue, exports, failures, spans };
};

describe('the queue of spans', () => {
  afterEach(() => void vi.useRealTimers());

  it('the queue of spans drops and counts spans that do not fit while the collector does not answer', async () => {
    const { queue, exports, spans } = queueOf(4, 2);
    spans(2);
    await expect.poll(() => exports.length).toBe(1);
    spans(10);
    expect(queue.counts).toEqual({ exported: 0, dropped: 6, failed: 0 });
    exports[0]?.done({ code: ExportResultCode.SUCCESS });
    await expect.poll(() => exports.length).toBe(2);
    expect(queue.counts).toEqual({ exported: 2, dropped: 6, failed: 0 });
    spans(2);
    expect(queue.counts.dropped).toBe(6);
  });

  it('the queue of spans sends large texts at once, and keeps no more than 4 MiB of characters', async () => {
    const { queue, exports, spans } = queueOf(2_048, 512, 1_000_000);
    const mebibyte = { text: 'x'.repeat(1_024 * 1_024) };
    spans(1);
    expect(exports).toHaveLength(0);
    spans(1, mebibyte);
    expect(exports.map((one) => one.spans.length)).toEqual([2]);
    // The collector is slow: what is being sent counts, too.
    spans(9, mebibyte);
    expect(queue.counts).toEqual({ exported: 0, dropped: 6, failed: 0 });
    spans(1);
    exports[0]?.done({ code: ExportResultCode.SUCCESS });
    await expect.poll(() => exports.map((one) => one.spans.length)).toEqual([2, 4]);
    exports[1]?.done({ code: ExportResultCode.SUCCESS });
    spans(4, mebibyte);
    expect(queue.counts).toEqual({ exported: 6, dropped: 6, failed: 0 });
  });

  it('the queue of spans counts spans that the collector refuses, and reports the reason', async () => {
    const { queue, exports, failures, spans } = queueOf(10, 5);
    spans(5);
    await expect.poll(() => exports.length).toBe(1);
    exports[0]?.done({ code: ExportResultCode.FAILED, error: new Error('401 Unauthorized') });
    expect(queue.counts).toEqual({ exported: 0, dropped: 0, failed: 5 });
    expect(failures).toEqual(['401 Unauthorized']);
    spans(5);
    await expect.poll(() => exports.length).toBe(2);
  });
});
