import type { Conversations } from '../conversations/conversations.ts';
import type { Replica, WorkingTurn } from '../presence/replica.ts';
import type { Pools } from '../quota/pools.ts';
import type { Claiming } from './claims/claiming.ts';
import type { TurnsElsewhere } from './claims/turns-elsewhere.ts';
import type { GrantRecords } from './grants/grant-records.ts';
import type { GrantRules } from './grants/grant-rules.ts';
import type { Granter } from './grants/granter.ts';

export interface ResumingOptions {
  readonly conversations: Conversations;
  readonly records: GrantRecords;
  readonly granter: Granter;
  readonly rules: GrantRules;
  readonly pools: Pools;
  readonly elsewhere: TurnsElsewhere;
  readonly claiming: Claiming | undefined;
  /** The steady clock. */
  readonly now: () => number;
}

/** Returns turns to replicas that still work on them after they lost their connection or their router. */
export class Resuming {
  readonly #options: ResumingOptions;

  constructor(options: ResumingOptions) {
    this.#options = options;
  }

  /** Returns whether the replica has the turn now. `isTaken`: whether the turn is granted to another connection of this router. */
  resume(replica: Replica, { conversation, turn: number }: WorkingTurn, isTaken: boolean): boolean {
    const { conversations, records, granter, rules, pools, elsewhere, claiming, now } = this.#options;
    const state = conversations.get(conversation);
    const turn = state?.floor.find((one) => one.number === number && one.member === replica.name);
    if (!state || !turn) return false;
    const foreign = elsewhere.claimOf(conversation, number);
    if (foreign)
      records.lostElsewhere(replica, foreign, {
        attempt: foreign.attempt,
        seen: turn.since,
        isResumed: true,
      });
    const reason = foreign ? 'lost' : records.resumeReason(replica, conversation, number);
    if (!reason || isTaken) return false;
    const isUnderWay = foreign !== undefined && foreign.attempt > turn.attempts;
    const mayStay = isUnderWay
      ? state.status.state === 'running' && !state.seats.has(turn.member)
      : reason === 'lost'
        ? rules.mayContinue(state, turn)
        : rules.isGrantable(state, turn);
    if (!mayStay) return false;
    const model = state.cast.get(turn.member)?.model ?? replica.model;
    const { attempt } = granter.resume(state, turn, replica, pools.of(model)?.rejoin(now()));
    claiming?.resumed({ conversation, turn: number, attempt, member: turn.member });
    return true;
  }
}
