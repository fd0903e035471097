import { noSpans, type Tracing } from '@parley/runtime';
import { Activity } from './activity/activity.ts';
import { AgentRecords } from './activity/agent-records.ts';
import type { Cluster } from './cluster/cluster.ts';
import { Conversations } from './conversations/conversations.ts';
import { ConversationHealth } from './conversations/health.ts';
import { ReadQueue } from './conversations/read-queue.ts';
import { RunningLimit, type RunningLimits } from './conversations/running-limit.ts';
import { acrossRouters } from './delivery/across-routers.ts';
import type { MailboxLimits } from './delivery/mailbox/mailbox-quota.ts';
import { recoverMailboxes } from './delivery/mailbox/mailbox-recovery.ts';
import { Mailboxes } from './delivery/mailbox/mailboxes.ts';
import { DeliveryWatermarks } from './delivery/plain/delivery-watermarks.ts';
import { MessageSender } from './delivery/plain/message-sender.ts';
import { PlainDelivery } from './delivery/plain/plain-delivery.ts';
import { PlainGrants } from './delivery/plain/plain-grants.ts';
import { PlainOffers } from './delivery/plain/plain-offers.ts';
import { PlainTurns } from './delivery/plain/plain-turns.ts';
import { ReplyRouting } from './delivery/reply-routing.ts';
import { RouterEvents } from './delivery/router-events.ts';
import { type Fault, Faults } from './faults.ts';
import type { Rejections } from './http/server/rejections.ts';
import type { Ledger } from './ledger/ledger.ts';
import { Retention, type RetentionRule } from './ledger/retention.ts';
import { RouterMetrics } from './metrics.ts';
import type { DuplicateRule } from './presence/duplicates.ts';
import { Presence } from './presence/presence.ts';
import { PromptRequests } from './presence/prompt-requests.ts';
import type { PromptSource } from './presence/shared-prompts.ts';
import type { Pools } from './quota/pools.ts';
import type { Prices } from './quota/prices.ts';
import { Sharing } from './sharing/sharing.ts';
import { type Clock, steadyTime } from './time/clock.ts';
import type { Bids } from './turns/bids.ts';
import type { Breakers } from './turns/breakers.ts';
import type { AnswerMatcher } from './turns/grants/answer-matcher.ts';
import type { TurnObserver } from './turns/grants/grant.ts';
import type { GrantTable } from './turns/grants/grant-table.ts';
import type { Granter } from './turns/grants/granter.ts';
import type { Scheduler } from './turns/scheduler.ts';
import { TurnTraces } from './turns/turn-traces.ts';
import { makeTurns } from './turns/turns.ts';
import type { WaitReasons } from './turns/waiting/wait-reasons.ts';

export interface RouterOptions {
  readonly ledger: Ledger;
  /** The cluster of routers of the ledger; missing when this router has the ledger alone. */
  readonly cluster?: Cluster | undefined;
  readonly clock: Clock;
  readonly version: string;
  /** Revision of the sources, where the image has it. */
  readonly revision?: string;
  /** Free bytes on the disk of the ledger; undefined for a ledger in memory. */
  readonly freeBytes?: () => number | undefined;
  /** Where spans go; missing: traces are off. */
  readonly tracing?: Tracing | undefined;
  readonly prices: Prices;
  readonly pools: Pools;
  readonly mailboxLimits: MailboxLimits;
  /** What happens when a name is registered twice; `replicas` when missing. */
  readonly duplicates?: DuplicateRule;
  /** None when missing. */
  readonly runningLimits?: RunningLimits;
  readonly retention: RetentionRule;
  /** Counts what is refused before a frame is read. */
  readonly rejections?: Rejections;
  /** Called for each conversation that retention has removed. */
  readonly onRemoved?: (conversation: string) => void;
  /** Calls back after some milliseconds; a timer of the process when missing. */
  readonly later?: (act: () => void, ms: number) => void;
  readonly onLedgerFailure: (error: unknown) => void;
  /** Called for unexpected errors that were caught, at a bounded rate. */
  readonly onFault: (fault: Fault) => void;
}

/** The router without its sockets: the conversations and the parts that follow their commits. */
export interface Router {
  /** The cluster of routers of the ledger; undefined when this router has the ledger alone. */
  readonly cluster: Cluster | undefined;
  readonly conversations: Conversations;
  readonly presence: Presence;
  /** The state that is shared with the other routers; undefined when this router has the ledger alone. */
  readonly sharing: Sharing | undefined;
  readonly prompts: PromptRequests;
  readonly promptSource: PromptSource;
  readonly bids: Bids;
  /** The grants that are running. */
  readonly grants: GrantTable;
  readonly answers: AnswerMatcher;
  readonly granter: Granter;
  readonly scheduler: Scheduler;
  readonly waitReasons: WaitReasons;
  readonly mailboxes: Mailboxes;
  readonly plainTurns: PlainTurns;
  readonly plainDelivery: PlainDelivery;
  readonly replyRouting: ReplyRouting;
  readonly routerEvents: RouterEvents;
  readonly metrics: RouterMetrics;
  /** Undefined: traces are off. */
  readonly traces: TurnTraces | undefined;
  /** Sums of the last hour and of today. */
  readonly activity: Activity;
  /** What agents have done since the start. */
  readonly agentRecords: AgentRecords;
  readonly breakers: Breakers;
  readonly faults: Faults;
  readonly reads: ReadQueue;
  readonly prices: Prices;
  /** The steady clock. */
  readonly now: () => number;
  /** Calls back after some milliseconds. */
  readonly later: (act: () => void, ms: number) => void;
  readonly clock: Clock;
  /** Runs everything that depends on time. Called a few times a second. */
  tick(): void;
}

/** A full disk causes many failures a second: all are counted, and one in this time is logged. */
const logEveryMs = 10_000;

/** Loads the running conversations from the ledger, then follows its commits. */
export const makeRouter = (options: RouterOptions): Router => {
  const { ledger, clock, cluster, prices, pools, tracing } = options;
  const now = steadyTime(clock);
  const metrics = new RouterMetrics({ version: options.version, revision: options.revision ?? 'unknown' });
  const faults = new Faults((place) => metrics.caught(place), options.onFault, clock.monotonic);
  let loggedAt = Number.NEGATIVE_INFINITY;
  const onFailure = (error: unknown) => {
    metrics.ledgerFailed();
    if (now() - loggedAt < logEveryMs) return;
    loggedAt = now();
    options.onLedgerFailure(error);
  };
  const conversations = new Conversations(
    ledger,
    now,
    onFailure,
    (ms) => {
      metrics.appended(ms);
      traces?.appended(ms);
    },
    faults,
    clock.wall,
  );
  const traces = tracing && new TurnTraces(tracing, (id, seq) => conversations.ownerOf(id, seq));
  const { maxAgeMs } = options.mailboxLimits;
  const presence = new Presence({
    ...{ duplicates: options.duplicates ?? 'replicas', now },
    several: cluster && { wall: clock.wall },
  });
  const prompts = new PromptRequests({ presence, now: clock.monotonic });
  const plainGrants = new PlainGrants();
  const activity = new Activity(clock.wall, ledger.position());
  const observer: TurnObserver = {
    granted(waitedMs) {
      metrics.granted(waitedMs);
      activity.granted(waitedMs);
    },
    answered(tookMs) {
      metrics.answered(tookMs);
      activity.answered(tookMs);
    },
  };
  const later = options.later ?? ((act: () => void, ms: number) => void setTimeout(act, ms).unref());
  const turns = makeTurns({
    ...{ conversations, presence, plainGrants, pools, prices, observer, traces, cluster, now, onFailure },
    isWritable: () => ledger.trouble?.() === undefined,
    later,
  });
  const { bids, breakers, grants, rules, answers, granter, scheduler, waitReasons } = turns;
  const agentRecords = new AgentRecords({ presence, grants, now, wall: clock.wall });

  const mailboxes = new Mailboxes({ limits: options.mailboxLimits });
  const watermarks = new DeliveryWatermarks({ ledger, onFailure });
  const plainTurns = new PlainTurns({ conversations, presence, rules, grants: plainGrants, now });
  const sender = new MessageSender({
    ...{ conversations, presence, mailboxes, watermarks, maxAgeMs, now, onFailure },
    turns: plainTurns,
  });
  const offers = new PlainOffers({
    ...{ conversations, presence, bids, rules, scheduler, sender },
    grants: plainGrants,
    turns: plainTurns,
  });
  const plainDelivery = new PlainDelivery({
    ...{ conversations, presence, mailboxes, watermarks, sender, offers, maxAgeMs },
    turns: plainTurns,
  });
  const sharing =
    cluster &&
    new Sharing({
      ...{ cluster, presence, mailboxes, watermarks, sender, plainDelivery, grants, breakers, agentRecords },
      onFailure,
    });
  const replyRouting = new ReplyRouting();
  const runningLimit = new RunningLimit(options.runningLimits ?? { total: 0, perOpener: 0 });
  const routerEvents = new RouterEvents(faults);
  const retention = new Retention({
    ledger,
    rule: options.retention,
    inUse: () => plainDelivery.neededConversations(),
    onRemoved: (id) => {
      conversations.forget(id);
      plainDelivery.conversationRemoved(id);
      options.onRemoved?.(id);
    },
    onFailure,
  });

  conversations.recover();
  for (const state of conversations.running()) {
    replyRouting.found(state);
    runningLimit.found(state);
    traces?.found(state);
  }
  recoverMailboxes({ ledger, conversations, mailboxes, watermarks, oldestAt: now() - maxAgeMs });
  const across = acrossRouters({
    ...{ cluster, ledger, conversations, scheduler, pools, prompts, routerEvents, onFailure, now },
  });
  scheduler.start();

  conversations.limit(runningLimit);
  conversations.limit(plainDelivery);
  // The order matters: a message is delivered before the turn that it gives is offered, and a bid is placed before the
  // scheduler looks for turns that are free.
  conversations.follow('running limit', (commit) => runningLimit.onCommit(commit));
  conversations.follow('reply routing', (commit) => replyRouting.onCommit(commit));
  // Before any turn is granted or offered, because a grant says of which span it is a part.
  if (traces) conversations.follow('traces', (commit) => traces.onCommit(commit));
  conversations.follow('plain delivery', (commit) => plainDelivery.onCommit(commit));
  conversations.follow('bids', (commit) => bids.onCommit(commit));
  conversations.follow('agent records', (commit) => agentRecords.onCommit(commit));
  conversations.follow('scheduler', (commit) => scheduler.onCommit(commit));
  conversations.follow('granter', (commit) => granter.onCommit(commit));
  conversations.follow('offers', (commit) => offers.onCommit(commit));
  conversations.follow('router events', (commit) => routerEvents.onCommit(commit));
  conversations.follow('metrics', (commit) => metrics.onCommit(commit));
  conversations.follow('activity', ({ after, entries }) => activity.onCommit(after.id, entries));
  const health = new ConversationHealth(metrics, now);
  conversations.follow('health', (commit) => health.onCommit(commit));

  presence.follow((change) => agentRecords.onPresence(change));
  presence.follow((change) => plainDelivery.onPresence(change));
  presence.follow((change) => scheduler.onPresence(change));
  presence.follow((change) => prompts.onPresence(change));
  if (sharing) presence.follow((change) => sharing.onPresence(change));
  presence.follow(() => routerEvents.publish({ type: 'agents' }));

  metrics.scrape({
    conversations: () => conversations.count,
    waits: () => waitReasons.measure(),
    pools: () => pools.usage(now(), (pool) => scheduler.waitingFor(pool)),
    ledgerBytes: () => ledger.size(),
    freeBytes: () => options.freeBytes?.(),
    agents: () => presence.count,
    delivered: () => sender.delivered,
    waitingMessages: () => mailboxes.waiting,
    expiredMessages: () => sender.expired,
    openBreakers: () => breakers.open,
    rejections: () => options.rejections?.counts ?? new Map(),
    spans: () => tracing?.counts ?? noSpans,
  });

  let lastSave = now();
  let removing = false;
  return {
    ...{ cluster, conversations, presence, sharing, prompts, bids, grants, answers, granter, scheduler },
    ...{ waitReasons, mailboxes, plainTurns, plainDelivery, replyRouting, routerEvents, metrics, traces },
    promptSource: across.promptSource,
    ...{ activity, agentRecords, breakers, faults, prices, now, later, clock },
    reads: new ReadQueue(now, (error) => faults.caught('answer', 'a read of past entries', error)),
    tick() {
      const at = now();
      const timed = (about: string, call: () => void) => faults.guard('timer', about, call);
      timed('bids', () => bids.tick());
      timed('prompts', () => prompts.tick());
      timed('presence', () => sharing?.tick(at));
      timed('across routers', () => across.tick());
      timed('grants', () => {
        const missed = conversations.takeMissed();
        for (const each of missed) scheduler.retake(each);
        for (const each of missed) offers.onCommit(each);
        turns.tick(at);
      });
      timed('plain grants', () => {
        plainTurns.tick(at);
        offers.tick();
      });
      if (removing) removing = retention.tick(at);
      if (at - lastSave < 1_000) return;
      lastSave = at;
      timed('conversations', () => conversations.tick(turns.delayOf));
      timed('mailboxes', () => plainDelivery.tick(at));
      timed('conversations', () => conversations.keepStates());
      removing ||= retention.tick(at);
    },
  };
};
