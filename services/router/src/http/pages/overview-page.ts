import {
  defined,
  maxNeeds,
  maxOverviewText,
  maxTalks,
  type Need,
  type Overview,
  type Talk,
  type WaitReason,
} from '@parley/protocol';
import type { EndedByFailure } from '../../activity/activity.ts';
import { recoverActivity } from '../../activity/activity-recovery.ts';
import type { Conversation } from '../../core/conversation.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { undamaged } from '../../ledger/undamaged.ts';
import type { HttpRouter } from '../server/http-router.ts';

/** Conversations that one step examines, and the cost of a step in bytes of the read queue. */
const step = { conversations: 50, bytes: 16 * 1024 };
/** Shorter waits are not shown. */
const longWaitMs = 2_000;
/** The used share of a budget from which on it is shown. */
const nearShare = 0.8;
/** The bound of the search for the last message of a conversation. */
const lookedBack = { entries: 20, bytes: 16 * 1024 };
/** More needs than are shown are kept for a while, so that they are not sorted for each new one. */
const keptNeeds = 4 * maxNeeds;

/** Waits that an operator chose, or that end without any action. */
const expected: ReadonlySet<WaitReason> = new Set(['pace', 'paused']);

const order: Readonly<Record<Need['type'], number>> = {
  failure: 0,
  pause: 1,
  seat: 2,
  wait: 3,
  budget: 4,
};
const sinceOf = (need: Need): number =>
  need.type === 'budget' ? -need.used / need.limit : need.type === 'failure' ? -need.at : need.since;
const mostUrgentFirst = (one: Need, other: Need): number =>
  order[one.type] - order[other.type] || sinceOf(one) - sinceOf(other);

const cut = (text: string): string => {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > maxOverviewText ? `${line.slice(0, maxOverviewText - 1)}…` : line;
};
const titleOf = ({ topic, members }: Conversation): string => cut(topic?.trim() || members.join(', '));

/** The needs of which the most urgent are kept. */
class Needs {
  #kept: Need[] = [];
  readonly #waits = new Map<string, Extract<Need, { type: 'wait' }>>();
  #count = 0;

  add(need: Need): void {
    this.#count++;
    this.#kept.push(need);
    if (this.#kept.length > keptNeeds) this.#kept = this.#kept.sort(mostUrgentFirst).slice(0, maxNeeds);
  }

  /** Turns of one member that wait for one reason are one need. */
  addWait(wait: Extract<Need, { type: 'wait' }>): void {
    const key = `${wait.reason} ${wait.member}`;
    const known = this.#waits.get(key);
    const oldest = known && known.since <= wait.since ? known : wait;
    this.#waits.set(key, { ...oldest, turns: (known?.turns ?? 0) + 1 });
  }

  result(): { readonly needs: readonly Need[]; readonly needed: number } {
    const all = [...this.#kept, ...this.#waits.values()].sort(mostUrgentFirst);
    return { needs: all.slice(0, maxNeeds), needed: this.#count + this.#waits.size };
  }
}

const placeOf = (state: Conversation) => ({ conversation: state.id, title: titleOf(state) });

const addBudgets = (needs: Needs, state: Conversation): void => {
  const { spent, spentBy, limits } = state;
  const tokensOf = (sum: Conversation['spent']) => sum.inputTokens + sum.outputTokens;
  const add = (budget: 'tokens' | 'cost', used: number, limit: number | undefined, member?: string) => {
    if (limit && used >= nearShare * limit)
      needs.add({ type: 'budget', ...placeOf(state), budget, used, limit, ...defined({ member }) });
  };
  add('tokens', tokensOf(spent), limits.maxTokens);
  add('cost', spent.cost, limits.maxCost);
  if (!limits.maxTokensPerAgent && !limits.maxCostPerAgent) return;
  for (const [member, sum] of spentBy) {
    add('tokens', tokensOf(sum), limits.maxTokensPerAgent, member);
    add('cost', sum.cost, limits.maxCostPerAgent, member);
  }
};

const addTurns = (needs: Needs, router: HttpRouter, state: Conversation): void => {
  const reasons = router.waitReasons.of(state);
  const [wall, time] = [router.clock.wall(), router.conversations.timeOf(state)];
  for (const { member, givenAt } of state.floor) {
    const reason = Object.hasOwn(reasons, member) ? reasons[member] : undefined;
    if (!reason || expected.has(reason)) continue;
    const by = state.seats.get(member);
    const about = { ...placeOf(state), member, since: wall - Math.max(0, time - givenAt) };
    if (reason === 'seat') needs.add({ type: 'seat', ...about, by: by ?? 'operator' });
    else if (time - givenAt >= longWaitMs) needs.addWait({ type: 'wait', ...about, reason, turns: 1 });
  }
};

/** A pause of the router itself, which only a person ends. */
const addPause = (needs: Needs, state: Conversation): void => {
  if (state.status.state !== 'paused' || !state.status.reason) return;
  const { reason, detail, since } = state.status;
  needs.add({
    type: 'pause',
    ...placeOf(state),
    reason,
    since,
    ...defined({ detail: detail && cut(detail) }),
  });
};

const talkOf = ({ conversations }: HttpRouter, state: Conversation): Talk => {
  const since = Math.max(0, state.seq - lookedBack.entries);
  const newest = undamaged(() => conversations.newest(state.id, since, lookedBack, state.seq), []);
  const last = newest.findLast((entry) => entry.type === 'said');
  return {
    ...placeOf(state),
    status: state.status.state === 'paused' ? 'paused' : 'running',
    members: state.members,
    turns: state.turnsTaken,
    maxTurns: state.limits.maxTurns,
    floor: state.floor.map(({ member }) => member),
    ...(last && { last: { seq: last.seq, from: last.from, text: cut(last.text), at: last.at } }),
  };
};

/** A failure as a need, if its conversation still exists. */
function* failureOf(
  router: HttpRouter,
  { conversation, ending, detail, at }: EndedByFailure,
): Generator<number, Need | undefined> {
  const state: Conversation | undefined = yield* router.conversations.findSlowly(conversation);
  if (!state) return undefined;
  return { type: 'failure', ...placeOf(state), ending, at, ...defined({ detail: detail && cut(detail) }) };
}

/** What needs a person, what runs, and the sums. Looks at every running conversation, some of them in each step. */
export function* makeOverview(router: HttpRouter, ledger: Ledger): Generator<number, Overview> {
  const { activity, conversations, presence } = router;
  if (!activity.isRecovered) yield* recoverActivity(activity, ledger, router.clock.wall());
  const needs = new Needs();
  for (const failure of activity.failures) {
    const need: Need | undefined = yield* failureOf(router, failure);
    if (need) needs.add(need);
  }
  let [running, paused] = [0, 0];
  let newest: Conversation[] = [];
  for (const state of conversations.running()) {
    if (state.status.state === 'paused') paused++;
    else running++;
    addTurns(needs, router, state);
    addBudgets(needs, state);
    addPause(needs, state);
    newest.push(state);
    if ((running + paused) % step.conversations !== 0) continue;
    newest = newest.sort((a, b) => b.lastAt - a.lastAt).slice(0, maxTalks);
    yield step.bytes;
  }
  const talks: Talk[] = [];
  for (const { id } of newest.sort((a, b) => b.lastAt - a.lastAt).slice(0, maxTalks)) {
    const state = conversations.get(id);
    if (state) talks.push(talkOf(router, state));
    yield step.bytes;
  }
  const { since, turns, inputTokens, outputTokens, cost, ended } = activity.today;
  return {
    ...{ at: router.clock.wall(), running, paused, total: ledger.total(), agents: presence.connected },
    ...needs.result(),
    talks,
    today: { since, turns, inputTokens, outputTokens, cost, ended: Object.fromEntries(ended) },
    minutes: activity.minutes,
  };
}

/** An overview is made at most once in this time: all readers share it. */
const sharedForMs = 1_000;

/** The overview for all readers. */
export class OverviewPage {
  readonly #router: HttpRouter;
  readonly #ledger: Ledger;
  #shared: { readonly madeAt: number; readonly text: Promise<string> } | undefined;

  constructor(router: HttpRouter, ledger: Ledger) {
    this.#router = router;
    this.#ledger = ledger;
  }

  get(): Promise<string> {
    const now = this.#router.clock.monotonic();
    if (this.#shared && now - this.#shared.madeAt < sharedForMs) return this.#shared.text;
    const text = this.#router.reads.run(makeOverview(this.#router, this.#ledger)).then(JSON.stringify);
    this.#shared = { madeAt: now, text };
    // A failed overview is not kept for the next reader.
    text.catch(() => {
      this.#shared = undefined;
    });
    return text;
  }
}
