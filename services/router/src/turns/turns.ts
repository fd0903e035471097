import type { Cluster } from '../cluster/cluster.ts';
import type { Conversations } from '../conversations/conversations.ts';
import type { Presence } from '../presence/presence.ts';
import type { Pools } from '../quota/pools.ts';
import type { Prices } from '../quota/prices.ts';
import { Bids } from './bids.ts';
import { Breakers } from './breakers.ts';
import { Claiming } from './claims/claiming.ts';
import { DeadRouters } from './claims/dead-routers.ts';
import { TurnsElsewhere } from './claims/turns-elsewhere.ts';
import { AnswerMatcher } from './grants/answer-matcher.ts';
import type { TurnObserver } from './grants/grant.ts';
import { GrantRecords } from './grants/grant-records.ts';
import { GrantRules, type TurnCounter } from './grants/grant-rules.ts';
import { GrantTable } from './grants/grant-table.ts';
import { Granter } from './grants/granter.ts';
import { Scheduler } from './scheduler.ts';
import type { TurnTraces } from './turn-traces.ts';
import { Gathering } from './waiting/gathering.ts';
import { WaitReasons } from './waiting/wait-reasons.ts';

export interface TurnsOptions {
  readonly conversations: Conversations;
  readonly presence: Presence;
  /** The turns of plain clients that are under way. */
  readonly plainGrants: TurnCounter;
  readonly pools: Pools;
  readonly prices: Prices;
  readonly observer: TurnObserver;
  readonly traces: TurnTraces | undefined;
  readonly cluster: Cluster | undefined;
  readonly isWritable: () => boolean;
  /** The steady clock. */
  readonly now: () => number;
  readonly later: (act: () => void, ms: number) => void;
  readonly onFailure: (error: unknown) => void;
}

/**
 * Acts that are due at a certain time could be done by every router. The home of the conversation does them immediately; the
 * others wait this long, in case it does not.
 */
const otherRouterMs = 2_000;

/** Makes all parts that decide which replica is granted which turn. */
export const makeTurns = (options: TurnsOptions) => {
  const { conversations, presence, plainGrants, traces, cluster, now } = options;
  const delayOf = (conversation: string): number =>
    cluster === undefined || cluster.isHome(conversation) ? 0 : otherRouterMs;
  const bids = new Bids(conversations, (id, turn) => scheduler.bidReleased(id, turn));
  const gathering = new Gathering({ conversations, presence, delayOf });
  const breakers = new Breakers({ now });
  const grants = new GrantTable({ now });
  const records = new GrantRecords();
  const elsewhere = new TurnsElsewhere(cluster);
  const rules = new GrantRules({
    ...{ conversations, gathering, presence },
    underWay: [grants, plainGrants, elsewhere],
  });
  const answers = new AnswerMatcher({ conversations, bids, grants, records, rules });
  const granter = new Granter({ ...options, grants, records, traces, now });
  const claiming =
    cluster &&
    new Claiming({
      ...{ ...options, cluster, elsewhere },
      knows: (replica, conversation) => granter.knows(replica, conversation),
    });
  const scheduler = new Scheduler({
    ...{ ...options, bids, gathering, rules, grants, records, granter, breakers },
    ...{ elsewhere, claiming, delayOf },
  });
  const waitReasons = new WaitReasons({
    ...{ conversations, presence, bids, gathering, rules, grants, scheduler, elsewhere, now },
  });
  const deadRouters = cluster && new DeadRouters({ cluster, conversations, now });
  cluster?.claims.follow(({ claim }) => scheduler.claimChanged(claim.conversation));
  return {
    ...{ bids, gathering, breakers, grants, rules, answers, granter, scheduler, waitReasons, delayOf },
    tick(at: number): void {
      deadRouters?.tick();
      claiming?.tick(at, ({ conversation, turn, attempt }) => {
        return grants.at(conversation, turn)?.attempt === attempt || bids.holds(conversation, turn);
      });
      scheduler.tick(at);
    },
  };
};
