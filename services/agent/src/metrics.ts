import { failures } from '@parley/protocol';
import { agentMetrics, type SpanCounts } from '@parley/runtime';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { type FaultPlace, faultPlaces } from './faults.ts';
import { type RetryReason, retryReasons } from './models/model.ts';
import type { ModelObserver } from './models/observed.ts';
import type { TurnOutcome } from './turns/turn.ts';

/** The running release. */
interface Build {
  readonly version: string;
  readonly revision: string;
}

/** Values that are read at each scrape. */
export interface Gauges {
  readonly registered: () => boolean;
  readonly reconnects: () => number;
  readonly active: () => number;
  readonly spans: () => SpanCounts;
}

/** The model that is used when a conversation names none. */
export interface ModelLabels {
  readonly provider: string;
  readonly model: string;
}

type Definition = { name: string; help: string; labelNames: readonly string[] };
type Series = Iterable<readonly [labels: Record<string, string>, value: number]>;

const tally = <K extends string>(keys: readonly K[]) => new Map<K, number>(keys.map((key) => [key, 0]));
const add = <K extends string>(tallied: Map<K, number>, key: K) =>
  tallied.set(key, (tallied.get(key) ?? 0) + 1);

/** Conversations may name models, so the number of values of the label is bounded. Further models count as `other`. */
const mostModels = 16;

/** Counts in plain fields, which are read at each scrape. Every series exists from the start. */
export class AgentMetrics implements ModelObserver {
  readonly registry = new Registry();
  readonly #turns = tally<TurnOutcome>(['said', 'bid', 'summarised', 'abandoned', ...failures]);
  readonly #faults = tally<FaultPlace>(faultPlaces);
  #repliesCut = 0;
  readonly #retries = tally<RetryReason>(retryReasons);
  readonly #inference: Record<string, string>;
  readonly #duration: Histogram<string>;
  readonly #firstChunk: Histogram<string>;
  readonly #tokens = new Map<string, { input: number; output: number }>();

  constructor(build: Build, name: string, { provider, model }: ModelLabels) {
    const registers = [this.registry];
    const inference = {
      gen_ai_operation_name: 'chat',
      gen_ai_provider_name: provider,
      gen_ai_request_model: model,
    };
    this.#inference = inference;
    this.#duration = new Histogram<string>({ ...agentMetrics.inferenceDuration, registers });
    this.#duration.zero({ ...inference, error_type: '' });
    this.#firstChunk = new Histogram<string>({ ...agentMetrics.timeToFirstChunk, registers });
    this.#firstChunk.zero(inference);

    const labelled = (label: string, tallied: ReadonlyMap<string, number>): Series =>
      [...tallied].map(([value, count]) => [{ [label]: value }, count] as const);
    this.#tokens.set(model, { input: 0, output: 0 });
    const tokens = (which: 'input' | 'output'): Series =>
      [...this.#tokens].map(([name, count]) => [
        { ...inference, gen_ai_request_model: name, gen_ai_token_modality: 'text' },
        count[which],
      ]);

    this.#counter(agentMetrics.turns, () => labelled('outcome', this.#turns));
    this.#counter(agentMetrics.faults, () => labelled('place', this.#faults));
    this.#counter(agentMetrics.repliesCut, () => [[{}, this.#repliesCut]]);
    this.#counter(agentMetrics.modelRetries, () => labelled('reason', this.#retries));
    this.#counter(agentMetrics.inputTokens, () => tokens('input'));
    this.#counter(agentMetrics.outputTokens, () => tokens('output'));
    new Gauge({ ...agentMetrics.agentInfo, registers }).set({ agent: name }, 1);
    new Gauge({ ...agentMetrics.buildInfo, registers }).set({ service: 'agent', ...build }, 1);
  }

  /** Adds the metrics of the link and of the turn loop, which are made after this object. To be called once. */
  observe({ registered, reconnects, active, spans }: Gauges): void {
    this.#counter(agentMetrics.spans, () =>
      Object.entries(spans()).map(([outcome, count]) => [{ outcome }, count] as const),
    );
    this.#counter(agentMetrics.reconnects, () => [[{}, reconnects()]]);
    this.#gauge(agentMetrics.connected, () => (registered() ? 1 : 0));
    this.#gauge(agentMetrics.turnsActive, active);
  }

  /** Adds the metrics of the process. Only where a port serves them, because they need timers. */
  collectProcess(): void {
    // With the default of 10 ms, and with 50 ms, this monitor used most of the CPU time of an idle process.
    collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: 200 });
  }

  #counter(definition: Definition, read: () => Series): void {
    new Counter<string>({
      ...definition,
      registers: [this.registry],
      collect() {
        this.reset();
        for (const [labels, value] of read()) this.inc(labels, value);
      },
    });
  }

  #gauge(definition: Definition, read: () => number): void {
    new Gauge({
      ...definition,
      registers: [this.registry],
      collect() {
        this.set(read());
      },
    });
  }

  turnEnded(outcome: TurnOutcome): void {
    add(this.#turns, outcome);
  }

  caught(place: FaultPlace): void {
    add(this.#faults, place);
  }

  retried(reason: RetryReason): void {
    add(this.#retries, reason);
  }

  called({ model, seconds, error, usage, isCut }: Parameters<ModelObserver['called']>[0]): void {
    if (isCut) this.#repliesCut++;
    const name = this.#known(model);
    this.#duration.observe(
      { ...this.#inference, gen_ai_request_model: name, error_type: error ?? '' },
      seconds,
    );
    const tokens = this.#tokens.get(name) ?? { input: 0, output: 0 };
    tokens.input += usage?.inputTokens ?? 0;
    tokens.output += usage?.outputTokens ?? 0;
    this.#tokens.set(name, tokens);
  }

  firstChunk(seconds: number, model: string): void {
    this.#firstChunk.observe({ ...this.#inference, gen_ai_request_model: this.#known(model) }, seconds);
  }

  #known(model: string): string {
    return this.#tokens.has(model) || this.#tokens.size < mostModels ? model : 'other';
  }
}
