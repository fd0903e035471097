import type { Context } from '@opentelemetry/api';
import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import {
  BatchSpanProcessor,
  type ReadableSpan,
  type Span as SdkSpan,
  type SpanExporter,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace';
import type { SpanCounts } from './tracing.ts';

export interface SpanQueueOptions {
  readonly exporter: SpanExporter;
  readonly most: number;
  readonly batch: number;
  readonly delayMs: number;
  readonly timeoutMs: number;
  readonly onFailure: (problem: string) => void;
}

/** The batch processor of the SDK, with a count of what it drops: by itself it drops without a word. */
export class SpanQueue implements SpanProcessor {
  readonly #most: number;
  readonly #batches: BatchSpanProcessor;
  readonly #counts = { exported: 0, dropped: 0, failed: 0 };
  #waiting = 0;

  constructor({ exporter, most, batch, delayMs, timeoutMs, onFailure }: SpanQueueOptions) {
    this.#most = most;
    const counts = this.#counts;
    this.#batches = new BatchSpanProcessor({
      exporter: {
        export: (spans: ReadableSpan[], done: (result: ExportResult) => void) => {
          this.#waiting -= spans.length;
          exporter.export(spans, (result) => {
            if (result.code === ExportResultCode.SUCCESS) counts.exported += spans.length;
            else {
              counts.failed += spans.length;
              onFailure(result.error?.message ?? 'the collector refused the spans');
            }
            done(result);
          });
        },
        forceFlush: async () => exporter.forceFlush?.(),
        shutdown: () => exporter.shutdown(),
      },
      maxQueueSize: most,
      maxExportBatchSize: Math.min(batch, most),
      scheduledDelayMillis: delayMs,
      // The exporter has a limit of its own, with which it says what went wrong.
      exportTimeoutMillis: timeoutMs + 5_000,
    });
  }

  get counts(): SpanCounts {
    return { ...this.#counts };
  }

  onStart(span: SdkSpan, parent: Context): void {
    this.#batches.onStart(span, parent);
  }

  onEnd(span: ReadableSpan): void {
    if (this.#waiting >= this.#most) {
      this.#counts.dropped++;
      return;
    }
    this.#waiting++;
    this.#batches.onEnd(span);
  }

  forceFlush(): Promise<void> {
    return this.#batches.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.#batches.shutdown();
  }
}
