import type { Cluster } from '../cluster/cluster.ts';
import type { Conversations } from '../conversations/conversations.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { PromptRequests } from '../presence/prompt-requests.ts';
import { type PromptSource, SharedPrompts } from '../presence/shared-prompts.ts';
import { recoverPools } from '../quota/pool-recovery.ts';
import type { Pools } from '../quota/pools.ts';
import { SharedPools } from '../quota/shared/shared-pools.ts';
import type { Scheduler } from '../turns/scheduler.ts';
import type { RouterEvents } from './router-events.ts';
import { SharedChunks } from './shared-chunks.ts';

export interface AcrossOptions {
  readonly cluster: Cluster | undefined;
  readonly ledger: Ledger;
  readonly conversations: Conversations;
  readonly scheduler: Scheduler;
  readonly pools: Pools;
  readonly prompts: PromptRequests;
  readonly routerEvents: RouterEvents;
  readonly onFailure: (error: unknown) => void;
  /** The steady clock. */
  readonly now: () => number;
}

export interface AcrossRouters {
  /** Answers requests for prompts: from the agents of this router, or of all routers. */
  readonly promptSource: PromptSource;
  tick(): void;
}

/**
 * What the routers of one ledger share in addition to it: pools, chunks of unfinished replies, and prompts. The pools of a
 * router that has its ledger alone count the calls of its predecessor.
 */
export const acrossRouters = (options: AcrossOptions): AcrossRouters => {
  const { cluster, ledger, conversations, scheduler, pools, prompts, routerEvents, onFailure, now } = options;
  if (!cluster) {
    recoverPools(pools, { ledger, conversations, now: now() });
    return { promptSource: prompts, tick: () => {} };
  }
  const earlier = pools.unused();
  recoverPools(earlier, { ledger, conversations, now: now() });
  const sharedPools = new SharedPools({
    ...{ cluster, table: cluster.table('pools'), pools, onFailure, now },
    before: earlier.usage(now(), () => 0),
    holdsLease: () => ledger.trouble?.() === undefined,
    waiting: (pool) => scheduler.waitingFor(pool),
    onGrown: (pool) => scheduler.poolGrown(pool),
  });
  sharedPools.start();
  const chunks = new SharedChunks({ cluster, conversations, routerEvents, now });
  const sharedPrompts = new SharedPrompts({ cluster, local: prompts, now });
  return {
    promptSource: sharedPrompts,
    tick() {
      sharedPools.tick();
      chunks.tick();
      sharedPrompts.tick();
    },
  };
};
