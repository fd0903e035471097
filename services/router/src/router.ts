import { type Clock, steadyTime } from './clock.ts';
import { Conversations } from './conversations/conversations.ts';
import { ReadQueue } from './conversations/read-queue.ts';
import { RunningLimit, type RunningLimits } from './conversations/running-limit.ts';
import type { MailboxLimits } from './delivery/mailbox-quota.ts';
import { Mailboxes } from './delivery/mailboxes.ts';
import { ReplyRouting } from './delivery/reply-routing.ts';
import { RouterEvents } from './delivery/router-events.ts';
import { type Fault, Faults } from './faults.ts';
import type { Rejections } from './http/rejections.ts';
import type { Ledger } from './ledger/ledger.ts';
import { Retention, type RetentionRule } from './ledger/retention.ts';
import { RouterMetrics } from './metrics.ts';
import { Targets } from './presence/targets.ts';
import { recoverPools } from './quota/pool-recovery.ts';
import type { Pools } from './quota/pools.ts';
import type { Prices } from './quota/prices.ts';
import { Bids } from './turns/bids.ts';
import { Grants } from './turns/grants.ts';
import { measureWaits, type Waits } from './turns/wait-reasons.ts';

export interface RouterOptions {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly version: string;
  /** Of the sources, where the image says it. */
  readonly revision?: string;
  /** Room on the disk of the ledger; undefined where it has none. */
  readonly freeBytes?: () => number | undefined;
  readonly prices: Prices;
  readonly pools: Pools;
  readonly mailboxLimits: MailboxLimits;
  /** None when missing. */
  readonly runningLimits?: RunningLimits;
  readonly retention: RetentionRule;
  /** What is refused before it comes to a frame. */
  readonly rejections?: Rejections;
  readonly onLedgerFailure: (error: unknown) => void;
  /** Told of unexpected errors that were caught, at a bounded rate. */
  readonly onFault: (fault: Fault) => void;
}

/** The router without its sockets: the conversations and everybody who follows them. */
export interface Router {
  readonly conversations: Conversations;
  readonly bids: Bids;
  readonly grants: Grants;
  readonly mailboxes: Mailboxes;
  readonly replyRouting: ReplyRouting;
  readonly targets: Targets;
  readonly routerEvents: RouterEvents;
  readonly metrics: RouterMetrics;
  readonly faults: Faults;
  readonly reads: ReadQueue;
  readonly prices: Prices;
  /** The steady clock. */
  readonly now: () => number;
  readonly clock: Clock;
  /** Everything that depends on time. Called a few times a second. */
  tick(): void;
}

/** A full disk fails many times a second; that is counted, and said now and then. */
const tellEveryMs = 10_000;
const measuredForMs = 50;

/** Takes up what the ledger holds, then follows it. */
export const makeRouter = (options: RouterOptions): Router => {
  const { ledger, clock, prices, pools } = options;
  const now = steadyTime(clock);
  // Three metrics are read of it in one scrape, and it looks at every conversation that runs.
  let measured: { readonly at: number; readonly waits: Waits } | undefined;
  const waits = (): Waits => {
    const at = now();
    if (!measured || at - measured.at >= measuredForMs)
      measured = { at, waits: measureWaits({ conversations, grants, mailboxes }, at) };
    return measured.waits;
  };
  const metrics: RouterMetrics = new RouterMetrics(
    { version: options.version, revision: options.revision ?? 'unknown' },
    {
      conversations: () => conversations.count,
      waits,
      pools: () => pools.usage(now(), (pool) => grants.waitingFor(pool)),
      ledgerBytes: () => ledger.size(),
      freeBytes: () => options.freeBytes?.(),
      agents: () => new Set([...grants.names(), ...mailboxes.names()]).size,
      delivered: () => mailboxes.delivered,
      waitingLines: () => mailboxes.waiting,
      expiredLines: () => mailboxes.expired,
      openBreakers: () => grants.breakers.open,
      rejections: () => options.rejections?.counts ?? new Map(),
    },
  );
  const faults = new Faults((place) => metrics.caught(place), options.onFault);
  let toldAt = Number.NEGATIVE_INFINITY;
  const onFailure = (error: unknown) => {
    metrics.ledgerFailed();
    if (now() - toldAt < tellEveryMs) return;
    toldAt = now();
    options.onLedgerFailure(error);
  };
  const conversations = new Conversations(
    ledger,
    now,
    onFailure,
    (ms) => metrics.appended(ms),
    faults,
    clock.wall,
  );
  const bids = new Bids(conversations);
  const targets = new Targets(now());
  const grants = new Grants(conversations, bids, now, metrics, pools, prices, targets);
  const replyRouting = new ReplyRouting();
  const isAgent = (name: string) => grants.replicasOf(name).size > 0;
  const mailboxes = new Mailboxes({
    ledger,
    conversations,
    limits: options.mailboxLimits,
    isAgent,
    waitingFor: (name) => grants.waitingOf(name),
    isGrantable: (state, turn) => grants.isGrantable(state, turn),
    now,
    bids,
    onFailure,
  });
  grants.countAlso((conversation) => mailboxes.turns.count(conversation));
  const runningLimit = new RunningLimit(options.runningLimits ?? { total: 0, perOpener: 0 });
  const routerEvents = new RouterEvents(faults);
  const retention = new Retention({
    ledger,
    rule: options.retention,
    inUse: () => mailboxes.conversations(),
    onRemoved: (id) => {
      conversations.forget(id);
      mailboxes.forget(id);
    },
    onFailure,
  });

  conversations.recover();
  for (const state of conversations.running()) {
    replyRouting.found(state);
    runningLimit.found(state);
  }
  mailboxes.recover(now());
  recoverPools(pools, { ledger, conversations, now: now() });
  grants.start();

  conversations.limit(runningLimit);
  conversations.limit(mailboxes);
  conversations.follow((commit) => runningLimit.onCommit(commit));
  conversations.follow((commit) => replyRouting.onCommit(commit));
  conversations.follow((commit) => mailboxes.onCommit(commit));
  conversations.follow((commit) => bids.onCommit(commit));
  conversations.follow((commit) => grants.onCommit(commit));
  conversations.follow((commit) => mailboxes.turns.onCommit(commit));
  conversations.follow((commit) => routerEvents.onCommit(commit));
  conversations.follow((commit) => metrics.onCommit(commit));

  let lastSave = now();
  let removing = false;
  return {
    conversations,
    bids,
    grants,
    mailboxes,
    replyRouting,
    targets,
    routerEvents,
    metrics,
    faults,
    reads: new ReadQueue((error) => faults.caught('answer', 'a read of past entries', error)),
    prices,
    now,
    clock,
    tick() {
      const at = now();
      const timed = (about: string, call: () => void) => faults.guard('timer', about, call);
      timed('bids', () => bids.tick());
      timed('grants', () => {
        grants.retake(conversations.takeShaken());
        grants.tick(at, (name) => isAgent(name) || mailboxes.isConnected(name));
      });
      timed('plain grants', () => mailboxes.turns.tick(at));
      if (removing) removing = retention.tick(at);
      if (at - lastSave < 1_000) return;
      lastSave = at;
      timed('conversations', () => conversations.tick());
      timed('mailboxes', () => mailboxes.tick(at));
      timed('conversations', () => conversations.keepStates());
      removing ||= retention.tick(at);
    },
  };
};
