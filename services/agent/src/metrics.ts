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

/** Values of one agent that are read at each scrape. */
export interface Gauges {
  readonly registered: () => boolean;
  readonly reconnects: () => number;
  readonly active: () => number;
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

type Tally<K extends string> = ReadonlyMap<K, number>;

/** What one agent of the process has done. Every series exists from the start. */
export class AgentMetrics implements ModelObserver {
  readonly name: string;
  readonly turns = tally<TurnOutcome>(['said', 'bid', 'summarised', 'abandoned', ...failures]);
  readonly faults = tally<FaultPlace>(faultPlaces);
  readonly retries = tally<RetryReason>(retryReasons);
  readonly tokens = new Map<string, { input: number; output: number }>();
  repliesCut = 0;
  gauges: Gauges | undefined;
  readonly #process: ProcessMetrics;
  readonly #inference: Record<string, string>;

  /** To be made by `ProcessMetrics.of`. */
  constructor(process: ProcessMetrics, name: string, { provider, model }: ModelLabels) {
    this.#process = process;
    this.name = name;
    this.#inference = {
      agent: name,
      gen_ai_operation_name: 'chat',
      gen_ai_provider_name: provider,
      gen_ai_request_model: model,
    };
    this.tokens.set(model, { input: 0, output: 0 });
    process.duration.zero({ ...this.#inference, error_type: '' });
    process.firstChunk.zero(this.#inference);
  }

  /** Adds the values of the link and of the turn loop, which are made after this object. */
  observe(gauges: Gauges): void {
    this.gauges = gauges;
  }

  turnEnded(outcome: TurnOutcome): void {
    add(this.turns, outcome);
  }

  caught(place: FaultPlace): void {
    add(this.faults, place);
  }

  retried(reason: RetryReason): void {
    add(this.retries, reason);
  }

  called({ model, seconds, error, usage, isCut }: Parameters<ModelObserver['called']>[0]): void {
    if (isCut) this.repliesCut++;
    const name = this.#known(model);
    this.#process.duration.observe(
      { ...this.#inference, gen_ai_request_model: name, error_type: error ?? '' },
      seconds,
    );
    const tokens = this.tokens.get(name) ?? { input: 0, output: 0 };
    tokens.input += usage?.inputTokens ?? 0;
    tokens.output += usage?.outputTokens ?? 0;
    this.tokens.set(name, tokens);
  }

  firstChunk(seconds: number, model: string): void {
    this.#process.firstChunk.observe(
      { ...this.#inference, gen_ai_request_model: this.#known(model) },
      seconds,
    );
  }

  /** The series of its token counters. */
  tokenSeries(which: 'input' | 'output'): Series {
    return [...this.tokens].map(([name, count]) => [
      { ...this.#inference, gen_ai_request_model: name, gen_ai_token_modality: 'text' },
      count[which],
    ]);
  }

  #known(model: string): string {
    return this.tokens.has(model) || this.tokens.size < mostModels ? model : 'other';
  }
}

/** The metrics of a process and of its agents. Counts are plain fields of the agents, which are read at each scrape. */
export class ProcessMetrics {
  readonly registry = new Registry();
  readonly duration: Histogram<string>;
  readonly firstChunk: Histogram<string>;
  readonly #agents: AgentMetrics[] = [];
  #processFaults = 0;

  constructor(build: Build, spans: () => SpanCounts) {
    const registers = [this.registry];
    this.duration = new Histogram<string>({ ...agentMetrics.inferenceDuration, registers });
    this.firstChunk = new Histogram<string>({ ...agentMetrics.timeToFirstChunk, registers });
    const labelled = (label: string, of: (agent: AgentMetrics) => Tally<string>) => (): Series =>
      this.#each((agent) =>
        [...of(agent)].map(([value, count]) => [{ [label]: value, agent: agent.name }, count]),
      );
    const single = (of: (agent: AgentMetrics) => number) => (): Series =>
      this.#each((agent) => [[{ agent: agent.name }, of(agent)]]);

    this.#series(
      Counter,
      agentMetrics.turns,
      labelled('outcome', ({ turns }) => turns),
    );
    this.#series(Counter, agentMetrics.faults, () => [
      ...labelled('place', ({ faults }) => faults)(),
      [{ place: 'process', agent: '' }, this.#processFaults],
    ]);
    this.#series(
      Counter,
      agentMetrics.repliesCut,
      single(({ repliesCut }) => repliesCut),
    );
    this.#series(
      Counter,
      agentMetrics.modelRetries,
      labelled('reason', ({ retries }) => retries),
    );
    this.#series(Counter, agentMetrics.inputTokens, () => this.#each((agent) => agent.tokenSeries('input')));
    this.#series(Counter, agentMetrics.outputTokens, () =>
      this.#each((agent) => agent.tokenSeries('output')),
    );
    this.#series(
      Counter,
      agentMetrics.reconnects,
      single(({ gauges }) => gauges?.reconnects() ?? 0),
    );
    this.#series(
      Gauge,
      agentMetrics.connected,
      single(({ gauges }) => (gauges?.registered() ? 1 : 0)),
    );
    this.#series(
      Gauge,
      agentMetrics.turnsActive,
      single(({ gauges }) => gauges?.active() ?? 0),
    );
    this.#series(
      Gauge,
      agentMetrics.agentInfo,
      single(() => 1),
    );
    this.#series(Gauge, agentMetrics.buildInfo, () => [[{ service: 'agent', ...build }, 1]]);
    this.#series(Counter, agentMetrics.spans, () =>
      Object.entries(spans()).map(([outcome, count]) => [{ outcome }, count] as const),
    );
  }

  /** The metrics of one more agent. */
  of(name: string, model: ModelLabels): AgentMetrics {
    const agent = new AgentMetrics(this, name, model);
    this.#agents.push(agent);
    return agent;
  }

  /** An error that no agent has caught. */
  caught(): void {
    this.#processFaults++;
  }

  /** Adds the metrics of the process. Only where a port serves them, because they need timers. */
  collectProcess(): void {
    // With the default of 10 ms, and with 50 ms, this monitor used most of the CPU time of an idle process.
    collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: 200 });
  }

  #each(of: (agent: AgentMetrics) => Series): Series {
    return this.#agents.flatMap((agent) => [...of(agent)]);
  }

  #series(Kind: typeof Counter | typeof Gauge, definition: Definition, read: () => Series): void {
    new Kind<string>({
      ...definition,
      registers: [this.registry],
      collect() {
        this.reset();
        for (const [labels, value] of read()) this.inc(labels, value);
      },
    });
  }
}
