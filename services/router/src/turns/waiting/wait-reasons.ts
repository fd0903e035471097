import { type WaitReason, waitReasons } from '@parley/protocol';
import type { Conversations } from '../../conversations/conversations.ts';
import type { Conversation, Turn } from '../../core/conversation.ts';
import type { Presence } from '../../presence/presence.ts';
import type { Bids } from '../bids.ts';
import type { TurnsElsewhere } from '../claims/turns-elsewhere.ts';
import type { GrantRules } from '../grants/grant-rules.ts';
import type { GrantTable } from '../grants/grant-table.ts';
import type { Scheduler } from '../scheduler.ts';
import type { Gathering } from './gathering.ts';

export interface WaitReasonsOptions {
  readonly conversations: Conversations;
  readonly presence: Presence;
  readonly bids: Bids;
  readonly gathering: Gathering;
  readonly rules: GrantRules;
  readonly grants: GrantTable;
  readonly scheduler: Scheduler;
  readonly elsewhere: TurnsElsewhere;
  /** The steady clock. */
  readonly now: () => number;
}

/** The turns of running conversations that wait. */
export interface Waits {
  readonly counts: ReadonlyMap<WaitReason, number>;
  /** Since when the oldest of them waits, in milliseconds. */
  readonly oldest: ReadonlyMap<WaitReason, number>;
  /** How many members are missing that have the floor. */
  readonly absent: number;
}

/** A measurement looks at all running conversations, so the metrics of one scrape share it. */
const cachedForMs = 50;

/** Says why turns have not been granted, for operators. */
export class WaitReasons {
  readonly #options: WaitReasonsOptions;
  #measured: { readonly at: number; readonly waits: Waits } | undefined;

  constructor(options: WaitReasonsOptions) {
    this.#options = options;
  }

  /** The members that have the floor and have not been given their turn. */
  of(state: Conversation): Record<string, WaitReason> {
    const reasons: [string, WaitReason][] = [];
    for (const turn of state.floor) {
      const reason = this.#reasonOf(state, turn);
      if (reason) reasons.push([turn.member, reason]);
    }
    return Object.fromEntries(reasons);
  }

  /** All turns of running conversations that wait. */
  measure(): Waits {
    const { conversations, now } = this.#options;
    const at = now();
    if (this.#measured && at - this.#measured.at < cachedForMs) return this.#measured.waits;
    const counts = new Map(waitReasons.map((reason) => [reason, 0]));
    const oldest = new Map(waitReasons.map((reason) => [reason, 0]));
    const absent = new Set<string>();
    for (const state of conversations.running()) {
      for (const turn of state.floor) {
        const reason = this.#reasonOf(state, turn);
        if (reason === undefined) continue;
        counts.set(reason, (counts.get(reason) ?? 0) + 1);
        oldest.set(reason, Math.max(oldest.get(reason) ?? 0, at - turn.givenAt));
        if (reason === 'absent') absent.add(turn.member);
      }
    }
    const waits = { counts, oldest, absent: absent.size };
    this.#measured = { at, waits };
    return waits;
  }

  #reasonOf(state: Conversation, turn: Turn): WaitReason | undefined {
    const { conversations, presence, bids, gathering, rules, grants, scheduler, elsewhere } = this.#options;
    const { member, number } = turn;
    if (grants.at(state.id, number) || bids.holds(state.id, number)) return undefined;
    if (elsewhere.holds(state, turn)) return undefined;
    if (state.status.state !== 'running') return 'paused';
    if (state.seats.has(member)) return 'seat';
    const time = conversations.timeOf(state);
    if (turn.notBefore > time) return turn.attempts > 0 ? 'retry' : 'pace';
    if (!presence.isConnected(member)) return 'absent';
    // A connected plain client has been sent the message that gives it the floor.
    if (presence.isPlain(member)) return undefined;
    if (gathering.holds(state, turn)) return 'gathering';
    if (rules.stepIsUsed(state, turn)) return 'paused';
    return scheduler.isQueuedForPool(state.id, member) ? 'rate' : 'replica';
  }
}
