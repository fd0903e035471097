import {
  closings,
  type Ending,
  endings,
  groupOfEnding,
  type LapseCause,
  lapseCauses,
  type RefusalCode,
  refusals,
} from '@parley/protocol';
import { routerMetrics, type SpanCounts } from '@parley/runtime';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Commit } from './conversations/conversations.ts';
import type { HealthObserver, MeasuredMessage } from './conversations/health.ts';
import { type FaultPlace, faultPlaces } from './faults.ts';
import type { RejectionReason } from './http/server/rejections.ts';
import { exposePools } from './quota/pool-metrics.ts';
import type { PoolUsage } from './quota/pools.ts';
import type { TurnObserver } from './turns/grants/grant.ts';
import { moderatorFallback } from './turns/moderator-fallback.ts';
import type { Waits } from './turns/waiting/wait-reasons.ts';

type Tally<K extends string> = Map<K, number>;
const tally = <K extends string>(keys: readonly K[]): Tally<K> => new Map(keys.map((key) => [key, 0]));
const add = <K extends string>(tallied: Tally<K>, key: K, by = 1) =>
  tallied.set(key, (tallied.get(key) ?? 0) + by);

/** The value of a metric without labels. */
const one = (value: number): Tally<string> => new Map([['', value]]);

const seconds = (times: ReadonlyMap<string, number>): Tally<string> =>
  new Map([...times].map(([label, ms]) => [label, Math.max(0, ms) / 1_000]));

interface Definition {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly string[];
}

/** A peer may close with any code: only known codes become labels, all others are counted as `other`. */
const closeCodes = [
  '1000',
  '1001',
  '1005',
  '1006',
  ...Object.values(closings).map(({ code }) => String(code)),
  'other',
];

/** A model's name comes from an agent, so that the number of labels has to be bounded. Other models count as `other`. */
const maxModels = 50;

/** The running release. */
export interface Build {
  readonly version: string;
  readonly revision: string;
}

/** Values of other parts of the router, read at each scrape. */
export interface ScrapedValues {
  conversations(): number;
  waits(): Waits;
  pools(): Iterable<PoolUsage>;
  ledgerBytes(): number;
  /** Undefined for a ledger in memory. */
  freeBytes(): number | undefined;
  agents(): number;
  delivered(): number;
  waitingMessages(): number;
  expiredMessages(): number;
  openBreakers(): number;
  rejections(): ReadonlyMap<RejectionReason, number>;
  spans(): SpanCounts;
}

/** Counts in plain fields, which is cheap on the hot path, and makes metrics of them at each scrape. */
export class RouterMetrics implements TurnObserver, HealthObserver {
  readonly registry = new Registry();
  readonly frames = { plain: 0, v1: 0 };
  readonly connections = { plain: 0, v1: 0 };
  readonly #ended = tally<Ending>(endings);
  readonly #turns = tally(['said', 'passed', 'lapsed']);
  readonly #refusals = tally(Object.keys(refusals) as RefusalCode[]);
  readonly #disconnects = tally(closeCodes);
  readonly #faults = tally<FaultPlace>(faultPlaces);
  readonly #tokens = tally(['input', 'output']);
  readonly #cost = tally<string>([]);
  readonly #lapses = tally<LapseCause>(lapseCauses);
  readonly #measured = tally(['measured', 'skipped']);
  #unanswered = 0;
  #velocityPauses = 0;
  #farewells = 0;
  #moderatorFallbacks = 0;
  #entries = 0;
  #ledgerFailures = 0;
  readonly #wait: Histogram;
  readonly #model: Histogram;
  readonly #append: Histogram;
  readonly #novelty: Histogram;
  readonly #selfOverlap: Histogram;
  readonly #echo: Histogram;
  readonly #talkShare: Histogram;

  constructor(build: Build) {
    const registers = [this.registry];
    // With the default of 10 ms, and with 50 ms, this monitor used most of the CPU time of an idle process.
    collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: 200 });
    this.#wait = new Histogram({ ...routerMetrics.turnWait, registers });
    this.#model = new Histogram({ ...routerMetrics.turnModel, registers });
    this.#append = new Histogram({ ...routerMetrics.ledgerAppend, registers });
    this.#novelty = new Histogram({ ...routerMetrics.novelty, registers });
    this.#selfOverlap = new Histogram({ ...routerMetrics.selfOverlap, registers });
    this.#echo = new Histogram({ ...routerMetrics.echo, registers });
    this.#talkShare = new Histogram({ ...routerMetrics.talkShare, registers });
    exposeEndings(registers, this.#ended);
    this.#counter(routerMetrics.lapses, () => this.#lapses);
    this.#counter(routerMetrics.unanswered, () => one(this.#unanswered));
    this.#counter(routerMetrics.velocityPauses, () => one(this.#velocityPauses));
    this.#counter(routerMetrics.messagesMeasured, () => this.#measured);
    this.#counter(routerMetrics.farewells, () => one(this.#farewells));
    this.#counter(routerMetrics.turns, () => this.#turns);
    this.#counter(routerMetrics.moderatorFallbacks, () => one(this.#moderatorFallbacks));
    this.#counter(routerMetrics.refusals, () => this.#refusals);
    this.#counter(routerMetrics.disconnects, () => this.#disconnects);
    this.#counter(routerMetrics.faults, () => this.#faults);
    this.#counter(routerMetrics.tokens, () => this.#tokens);
    this.#counter(routerMetrics.cost, () => this.#cost);
    this.#counter(routerMetrics.ledgerEntries, () => one(this.#entries));
    this.#counter(routerMetrics.framesReceived, () => new Map(Object.entries(this.frames)));
    this.#counter(routerMetrics.ledgerFailures, () => one(this.#ledgerFailures));
    this.#gauge(routerMetrics.connections, () => new Map(Object.entries(this.connections)));
    new Gauge({ ...routerMetrics.buildInfo, registers }).set({ service: 'router', ...build }, 1);
  }

  /** Adds the metrics that other parts of the router know. To be called once, when these parts exist. */
  scrape(values: ScrapedValues): void {
    this.#counter(routerMetrics.rejections, () => new Map(values.rejections()));
    this.#counter(routerMetrics.spans, () => new Map(Object.entries(values.spans())));
    this.#counter(routerMetrics.messagesDelivered, () => one(values.delivered()));
    this.#counter(routerMetrics.messagesExpired, () => one(values.expiredMessages()));
    this.#gauge(routerMetrics.messagesWaiting, () => one(values.waitingMessages()));
    this.#gauge(routerMetrics.breakersOpen, () => one(values.openBreakers()));
    this.#gauge(routerMetrics.conversationsRunning, () => one(values.conversations()));
    this.#gauge(routerMetrics.agentsConnected, () => one(values.agents()));
    this.#gauge(routerMetrics.turnsWaiting, () => new Map(values.waits().counts));
    this.#gauge(routerMetrics.turnsWaitingOldest, () => seconds(values.waits().oldest));
    this.#gauge(routerMetrics.membersAbsent, () => one(values.waits().absent));
    this.#gauge(routerMetrics.ledgerBytes, () => one(values.ledgerBytes()));
    this.#gauge(routerMetrics.ledgerFree, () => one(values.freeBytes() ?? 0));
    exposePools([this.registry], values.pools);
  }

  #counter(definition: Definition, read: () => Tally<string>): void {
    const [label] = definition.labelNames ?? [];
    new Counter({
      ...definition,
      registers: [this.registry],
      collect() {
        this.reset();
        for (const [value, count] of read()) label ? this.inc({ [label]: value }, count) : this.inc(count);
      },
    });
  }

  #gauge(definition: Definition, read: () => Tally<string>): void {
    const [label] = definition.labelNames ?? [];
    new Gauge({
      ...definition,
      registers: [this.registry],
      collect() {
        for (const [value, count] of read()) label ? this.set({ [label]: value }, count) : this.set(count);
      },
    });
  }

  granted(waitedMs: number): void {
    this.#wait.observe(Math.max(0, waitedMs) / 1_000);
  }

  answered(tookMs: number): void {
    this.#model.observe(tookMs / 1_000);
  }

  appended(tookMs: number): void {
    this.#append.observe(tookMs / 1_000);
  }

  messageMeasured({ novelty, selfOverlap, echo, isFarewell }: MeasuredMessage): void {
    add(this.#measured, 'measured');
    this.#novelty.observe(novelty);
    if (selfOverlap !== undefined) this.#selfOverlap.observe(selfOverlap);
    if (echo !== undefined) this.#echo.observe(echo);
    if (isFarewell) this.#farewells++;
  }

  messageSkipped(): void {
    add(this.#measured, 'skipped');
  }

  talkShare(share: number): void {
    this.#talkShare.observe(share);
  }

  ledgerFailed(): void {
    this.#ledgerFailures++;
  }

  caught(place: FaultPlace): void {
    add(this.#faults, place);
  }

  refused(code: RefusalCode): void {
    add(this.#refusals, code);
  }

  disconnected(code: number): void {
    const label = String(code);
    add(this.#disconnects, this.#disconnects.has(label) ? label : 'other');
  }

  #spent(model: string, dollars: number): void {
    add(this.#cost, this.#cost.has(model) || this.#cost.size < maxModels ? model : 'other', dollars);
  }

  onCommit({ after, entries }: Commit): void {
    this.#entries += entries.length;
    for (const entry of entries) {
      if (entry.type === 'ended') {
        add(this.#ended, entry.reason);
        this.#unanswered += entry.unanswered?.length ?? 0;
      } else if (entry.type === 'paused' && entry.reason === 'velocity') this.#velocityPauses++;
      else if (entry.type === 'said' || entry.type === 'passed' || entry.type === 'lapsed')
        add(this.#turns, entry.type);
      if (entry.type === 'lapsed') add(this.#lapses, entry.cause);
      if (moderatorFallback(after, entry)) this.#moderatorFallbacks++;
      if ('usage' in entry && entry.usage) {
        add(this.#tokens, 'input', entry.usage.inputTokens);
        add(this.#tokens, 'output', entry.usage.outputTokens);
        if ('cost' in entry && entry.cost) this.#spent(entry.usage.model ?? 'unknown', entry.cost);
      }
    }
  }
}

const exposeEndings = (registers: Registry[], ended: Tally<Ending>): void => {
  new Counter({
    ...routerMetrics.conversationsEnded,
    registers,
    collect() {
      this.reset();
      for (const [reason, count] of ended) this.inc({ reason, group: groupOfEnding[reason] }, count);
    },
  });
};
