import type { Conversations } from '../conversations/conversations.ts';
import type { Presence } from '../presence/presence.ts';
import type { Pools } from '../quota/pools.ts';
import type { Prices } from '../quota/prices.ts';
import type { Bids } from './bids.ts';
import type { Breakers } from './breakers.ts';
import type { Claiming } from './claims/claiming.ts';
import type { TurnsElsewhere } from './claims/turns-elsewhere.ts';
import type { TurnObserver } from './grants/grant.ts';
import type { GrantRecords } from './grants/grant-records.ts';
import type { GrantRules } from './grants/grant-rules.ts';
import type { GrantTable } from './grants/grant-table.ts';
import type { Granter } from './grants/granter.ts';
import type { Gathering } from './waiting/gathering.ts';

export interface SchedulerOptions {
  readonly conversations: Conversations;
  readonly presence: Presence;
  readonly bids: Bids;
  readonly gathering: Gathering;
  readonly rules: GrantRules;
  readonly grants: GrantTable;
  readonly records: GrantRecords;
  readonly granter: Granter;
  readonly breakers: Breakers;
  readonly pools: Pools;
  readonly prices: Prices;
  readonly observer: TurnObserver;
  readonly elsewhere: TurnsElsewhere;
  /** Undefined where this router has its ledger alone. */
  readonly claiming: Claiming | undefined;
  /** How much later than the home of the conversation this router acts on it; 0 if it is the home. */
  readonly delayOf: (conversation: string) => number;
  /** False while the ledger cannot store an answer: a grant would waste a model call. */
  readonly isWritable: () => boolean;
  /** The steady clock. */
  readonly now: () => number;
}
