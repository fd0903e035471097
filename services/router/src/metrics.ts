import { closings, type Ending, endings, type RefusalCode, refusals } from '@parley/protocol';
import { routerMetrics } from '@parley/runtime';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Commit } from './conversations/conversations.ts';
import { type FaultPlace, faultPlaces } from './faults.ts';
import type { RejectionReason } from './http/rejections.ts';
import { exposePools } from './quota/pool-metrics.ts';
import type { PoolUsage } from './quota/pools.ts';
import type { TurnObserver } from './turns/grant.ts';
import type { Waits } from './turns/wait-reasons.ts';

type Tally<K extends string> = Map<K, number>;
const tally = <K extends string>(keys: readonly K[]): Tally<K> => new Map(keys.map((key) => [key, 0]));
const add = <K extends string>(tallied: Tally<K>, key: K, by = 1) =>
  tallied.set(key, (tallied.get(key) ?? 0) + by);

/** A peer may close with any code; only ours and the usual good-byes become labels. */
const closeCodes = [
  '1000',
  '1001',
  '1005',
  '1006',
  ...Object.values(closings).map(({ code }) => String(code)),
  'other',
];

const mostModels = 50;

/** Of the running release. */
export interface Build {
  readonly version: string;
  readonly revision: string;
}

/** What only others know, asked for when Prometheus asks. */
export interface Gauges {
  conversations(): number;
  waits(): Waits;
  pools(): Iterable<PoolUsage>;
  ledgerBytes(): number;
  /** Undefined for a ledger in memory. */
  freeBytes(): number | undefined;
  agents(): number;
  delivered(): number;
  waitingLines(): number;
  expiredLines(): number;
  openBreakers(): number;
  rejections(): ReadonlyMap<RejectionReason, number>;
}

/** Counted in plain fields, which cost nothing, and turned into metrics when Prometheus asks. */
export class RouterMetrics implements TurnObserver {
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
  #entries = 0;
  #ledgerFailures = 0;
  readonly #wait: Histogram;
  readonly #model: Histogram;
  readonly #append: Histogram;

  constructor(build: Build, gauges: Gauges) {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    this.#wait = new Histogram({ ...routerMetrics.turnWait, registers });
    this.#model = new Histogram({ ...routerMetrics.turnModel, registers });
    this.#append = new Histogram({ ...routerMetrics.ledgerAppend, registers });

    const counter = (
      definition: { name: string; help: string; labelNames: readonly string[] },
      read: () => Tally<string>,
    ) =>
      new Counter({
        ...definition,
        registers,
        collect() {
          this.reset();
          const label = definition.labelNames[0];
          for (const [value, count] of read()) label ? this.inc({ [label]: value }, count) : this.inc(count);
        },
      });
    const gauge = (definition: { name: string; help: string }, read: () => number) =>
      new Gauge({
        ...definition,
        registers,
        collect() {
          this.set(read());
        },
      });

    const levelled = (
      definition: { name: string; help: string; labelNames: readonly string[] },
      read: () => Tally<string>,
    ) =>
      new Gauge({
        ...definition,
        registers,
        collect() {
          const [label = ''] = definition.labelNames;
          for (const [value, count] of read()) this.set({ [label]: value }, count);
        },
      });

    counter(routerMetrics.conversationsEnded, () => this.#ended);
    counter(routerMetrics.turns, () => this.#turns);
    counter(routerMetrics.refusals, () => this.#refusals);
    counter(routerMetrics.rejections, () => new Map(gauges.rejections()));
    counter(routerMetrics.disconnects, () => this.#disconnects);
    counter(routerMetrics.faults, () => this.#faults);
    counter(routerMetrics.tokens, () => this.#tokens);
    counter(routerMetrics.ledgerEntries, () => new Map([['', this.#entries]]));
    counter(routerMetrics.messagesDelivered, () => new Map([['', gauges.delivered()]]));
    counter(routerMetrics.framesReceived, () => new Map(Object.entries(this.frames)));
    counter(routerMetrics.ledgerFailures, () => new Map([['', this.#ledgerFailures]]));
    counter(routerMetrics.messagesExpired, () => new Map([['', gauges.expiredLines()]]));
    gauge(routerMetrics.messagesWaiting, gauges.waitingLines);
    gauge(routerMetrics.breakersOpen, gauges.openBreakers);
    gauge(routerMetrics.conversationsRunning, gauges.conversations);
    gauge(routerMetrics.agentsConnected, gauges.agents);
    const open = this.connections;
    levelled(routerMetrics.connections, () => new Map(Object.entries(open)));
    levelled(routerMetrics.turnsWaiting, () => new Map(gauges.waits().counts));
    levelled(
      routerMetrics.turnsWaitingOldest,
      () => new Map([...gauges.waits().oldest].map(([reason, ms]) => [reason, Math.max(0, ms) / 1_000])),
    );
    gauge(routerMetrics.membersAbsent, () => gauges.waits().absent);
    counter(routerMetrics.cost, () => this.#cost);
    gauge(routerMetrics.ledgerBytes, gauges.ledgerBytes);
    gauge(routerMetrics.ledgerFree, () => gauges.freeBytes() ?? 0);
    exposePools(registers, gauges.pools);
    new Gauge({ ...routerMetrics.buildInfo, registers }).set({ service: 'router', ...build }, 1);
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

  /** A model's name comes from an agent: only so many become labels. */
  #spent(model: string, dollars: number): void {
    add(this.#cost, this.#cost.has(model) || this.#cost.size < mostModels ? model : 'other', dollars);
  }

  onCommit({ entries }: Commit): void {
    this.#entries += entries.length;
    for (const entry of entries) {
      if (entry.type === 'ended') add(this.#ended, entry.reason);
      else if (entry.type === 'said' || entry.type === 'passed' || entry.type === 'lapsed')
        add(this.#turns, entry.type);
      if ('usage' in entry && entry.usage) {
        add(this.#tokens, 'input', entry.usage.inputTokens);
        add(this.#tokens, 'output', entry.usage.outputTokens);
        if ('cost' in entry && entry.cost) this.#spent(entry.usage.model ?? 'unknown', entry.cost);
      }
    }
  }
}
