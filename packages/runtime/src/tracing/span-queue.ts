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

/** Spans with the texts of messages have up to 128,000 characters: so many that wait are sent at once, and more are not kept. */
const [sentAt, mostCharacters] = [512 * 1_024, 4 * 1_024 * 1_024];

const charactersOf = ({ attributes }: ReadableSpan): number => {
  let characters = 0;
  for (const name in attributes) {
    const value = attributes[name];
    if (typeof value === 'string') characters += value.length;
  }
  return characters;
};

/**
 * The batch processor of the SDK, with a count of what it drops, because by itself it drops without a word; and with a limit on the
 * characters of what waits and of what is being sent, because the SDK counts spans only.
 */
export class SpanQueue implements SpanProcessor {
  readonly #most: number;
  readonly #batches: BatchSpanProcessor;
  readonly #counts = { exported: 0, dropped: 0, failed: 0 };
  #waiting = 0;
  #exports = 0;
  /** Of all spans that are held. */
  #characters = 0;

  constructor({ exporter, most, batch, delayMs, timeoutMs, onFailure }: SpanQueueOptions) {
    this.#most = most;
    const counts = this.#counts;
    this.#batches = new BatchSpanProcessor({
      exporter: {
        export: (spans: ReadableSpan[], done: (result: ExportResult) => void) => {
          this.#waiting -= spans.length;
          this.#exports++;
          exporter.export(spans, (result) => {
            this.#exports--;
            for (const span of spans) this.#characters -= charactersOf(span);
            if (result.code === ExportResultCode.SUCCESS) counts.exported += spans.length;
            else {
              counts.failed += spans.length;
              onFailure(result.error?.message ?? 'the collector refused the spans');
            }
            done(result);
            this.#sendIfLarge();
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
    const characters = charactersOf(span);
    if (this.#waiting >= this.#most || this.#characters + characters > mostCharacters) {
      this.#counts.dropped++;
      return;
    }
    this.#waiting++;
    this.#characters += characters;
    this.#batches.onEnd(span);
    this.#sendIfLarge();
  }

  /** Before the delay of a batch is over. Exports that have failed are counted, and told, by the exporter above. */
  #sendIfLarge(): void {
    if (this.#waiting > 0 && this.#exports === 0 && this.#characters >= sentAt)
      this.#batches.forceFlush().catch(() => {});
  }

  forceFlush(): Promise<void> {
    return this.#batches.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.#batches.shutdown();
  }
}
