import type { LapseCause, RouterFrame } from '@parley/protocol';
import { Breakers } from './breakers.ts';
import type { Commit, Conversations } from './conversations.ts';
import type { Command } from './core/command.ts';
import type { Conversation, Turn } from './core/conversation.ts';
import { endsAt } from './core/endings.ts';
import { heardBy } from './core/hearing.ts';
import type { Grant, Replica, TurnClock } from './grant.ts';
import { grantFrame } from './grant-frame.ts';
import type { Pools } from './pools.ts';
import type { Prices } from './prices.ts';

export type { Grant, Replica } from './grant.ts';

type Lapse = Extract<Command, { type: 'lapse' }>;

/**
 * The one choke point: hands turns to replicas. Holds nothing that the ledger and the open connections do not
 * say, so it can start from nothing at any time.
 */
export class Grants {
  readonly #conversations: Conversations;
  readonly #now: () => number;
  readonly #clock: TurnClock;
  readonly #pools: Pools;
  readonly #prices: Prices;
  readonly #replicas = new Map<string, Set<Replica>>();
  readonly #granted = new Map<string, Map<number, Grant>>();
  /** Conversations in which a member has the floor and no grant, per member, oldest first. */
  readonly #waiting = new Map<string, Set<string>>();
  /** Who last let a turn lapse; another replica is preferred. */
  readonly #lapsed = new Map<string, Replica>();
  readonly breakers: Breakers;
  /** Lapses that the ledger could not take; without them nobody would take those turns up again. */
  readonly #unwritten: { readonly conversation: string; readonly command: Lapse }[] = [];
  #draining = false;

  constructor(
    conversations: Conversations,
    now: () => number,
    clock: TurnClock,
    pools: Pools,
    prices: Prices,
    breakers = new Breakers(now),
  ) {
    this.#conversations = conversations;
    this.#now = now;
    this.#clock = clock;
    this.#pools = pools;
    this.#prices = prices;
    this.breakers = breakers;
  }

  /** Queues the turns of everything that runs. Call once, after recovery. */
  start(): void {
    for (const state of this.#conversations.running()) this.#reconcile(undefined, state);
  }

  /** No more grants from here on. */
  drain(): void {
    this.#draining = true;
  }

  get active(): number {
    let count = 0;
    for (const grants of this.#granted.values()) count += grants.size;
    return count;
  }

  get waiting(): number {
    let count = 0;
    for (const ids of this.#waiting.values()) count += ids.size;
    return count;
  }

  replicasOf(name: string): ReadonlySet<Replica> {
    return this.#replicas.get(name) ?? new Set();
  }

  names(): Iterable<string> {
    return this.#replicas.keys();
  }

  /** `working`: turns that the replica still works on from before its connection broke (PROTOCOL §4.1). */
  attach(replica: Replica, working: readonly { conversation: string; turn: number }[]): void {
    const replicas = this.#replicas.get(replica.name) ?? new Set();
    this.#replicas.set(replica.name, replicas.add(replica));
    for (const { conversation, turn: number } of working) {
      const state = this.#conversations.get(conversation);
      const turn = state?.floor.find((one) => one.number === number && one.member === replica.name);
      if (state && turn && !this.#granted.get(conversation)?.has(number)) this.#bind(state, turn, replica, 0);
    }
    this.#pump(replica.name);
  }

  detach(replica: Replica): void {
    const replicas = this.#replicas.get(replica.name);
    replicas?.delete(replica);
    this.breakers.forget(replica);
    if (replicas?.size === 0) this.#replicas.delete(replica.name);
    for (const grant of replica.grants) this.#lapse(grant, 'gone');
  }

  grantOf(conversation: string, turn: number): Grant | undefined {
    return this.#granted.get(conversation)?.get(turn);
  }

  /** The model server wants to be asked less often. */
  rateLimited(replica: Replica, retryAfterMs: number | undefined): void {
    this.#pools.slowDown(replica.model, this.#now(), retryAfterMs);
  }

  onCommit({ before, after, entries }: Commit): void {
    for (const entry of entries) {
      if (entry.type === 'said' && entry.usage) this.#pools.used(entry.usage, this.#now());
      if ('turn' in entry && entry.turn !== undefined)
        this.breakers.judge(this.grantOf(after.id, entry.turn)?.replica, entry);
    }
    this.#reconcile(before, after);
    if (after.status.state !== 'ended') return;
    const { reason, detail } = after.status;
    const frame: RouterFrame = { type: 'ended', conversation: after.id, reason, ...(detail && { detail }) };
    const text = JSON.stringify(frame);
    for (const member of after.members) {
      for (const replica of this.replicasOf(member)) {
        if (replica.sent.delete(after.id)) replica.connection.send(text);
      }
    }
  }

  /** Takes back what is overdue and offers what has waited for its time. `present`: somebody speaks for the name. */
  tick(now: number, present: (name: string) => boolean): void {
    for (const { conversation, command } of this.#unwritten.splice(0)) this.#write(conversation, command);
    for (const grants of this.#granted.values()) {
      for (const grant of grants.values()) if (grant.deadline <= now) this.#lapse(grant, 'deadline');
    }
    for (const [name, ids] of this.#waiting) {
      this.#pump(name);
      if (present(name)) continue;
      for (const id of ids) this.#missing(id, name, now);
    }
  }

  /** Reports a turn that has waited too long for a member of whom nobody is there. */
  #missing(id: string, name: string, now: number): void {
    const state = this.#conversations.get(id);
    const turn = state?.floor.find(({ member }) => member === name);
    const { absentMs = 0 } = state?.limits ?? {};
    if (!turn || absentMs === 0 || state?.status.state !== 'running' || state.seats.has(name)) return;
    if (now - turn.givenAt >= absentMs) this.#conversations.submit(id, { type: 'absent', turn: turn.number });
  }

  #reconcile(before: Conversation | undefined, after: Conversation): void {
    for (const turn of before?.floor ?? []) {
      if (after.floor.some(({ number }) => number === turn.number)) continue;
      this.#waiting.get(turn.member)?.delete(after.id);
      this.#lapsed.delete(`${after.id}#${turn.number}`);
    }
    const grants = this.#granted.get(after.id);
    if (grants) {
      for (const grant of grants.values()) {
        const turn = after.floor.find(({ number }) => number === grant.turn);
        if (turn && turn.attempts < grant.attempt) continue;
        if (turn) this.#lapsed.set(`${after.id}#${turn.number}`, grant.replica);
        this.#release(grant);
        this.#clock.answered(this.#now() - grant.grantedAt);
        this.#pump(grant.replica.name);
      }
    }
    for (const turn of after.floor) {
      if (this.#granted.get(after.id)?.has(turn.number)) continue;
      const ids = this.#waiting.get(turn.member) ?? new Set();
      this.#waiting.set(turn.member, ids.add(after.id));
      this.#pump(turn.member);
    }
  }

  #pump(name: string): void {
    const ids = this.#waiting.get(name);
    const replicas = this.#replicas.get(name);
    if (this.#draining || !ids || !replicas) return;
    const now = this.#now();
    for (const id of ids) {
      const state = this.#conversations.get(id);
      const turn = state?.floor.find(({ member }) => member === name);
      if (!state || !turn) {
        ids.delete(id);
      } else if (state.status.state === 'running' && turn.notBefore <= now && !state.seats.has(name)) {
        const replica = this.#choose(replicas, id, turn);
        if (!replica) break;
        const model = state.cast.get(name)?.model ?? replica.model;
        if (this.#unpriced(state, model)) continue;
        if (this.#pools.take(model, now)) this.#grant(state, turn, replica, this.#pools.has(model));
      }
    }
    if (ids.size === 0) this.#waiting.delete(name);
  }

  /** A money cap that cannot be watched is not started with. */
  #unpriced(state: Conversation, model: string | undefined): boolean {
    const { maxCost, maxCostPerAgent } = state.limits;
    if ((!maxCost && !maxCostPerAgent) || this.#prices.has(model)) return false;
    const detail = `there is a money cap and no price for the model ${model ?? '(not named)'}`;
    this.#conversations.submit(state.id, { type: 'fail', detail });
    return true;
  }

  /** A replica that holds the history goes first, then the one with the fewest turns under way. */
  #choose(replicas: ReadonlySet<Replica>, id: string, turn: Turn): Replica | undefined {
    const last = this.#lapsed.get(`${id}#${turn.number}`);
    const cost = (replica: Replica) =>
      (replica === last ? 1_000_000 : 0) + (replica.sent.has(id) ? 0 : 10_000) + replica.grants.size;
    let best: Replica | undefined;
    for (const replica of replicas) {
      const active = replica.grants.size;
      if (active >= replica.capacity || !this.breakers.allow(replica)) continue;
      if (!best || cost(replica) < cost(best)) best = replica;
    }
    return best;
  }

  #grant(state: Conversation, turn: Turn, replica: Replica, pooled: boolean): void {
    const now = this.#now();
    const since = replica.sent.get(state.id) ?? 0;
    const unseen = this.#conversations.entriesSince(state.id, since);
    const heard = unseen
      .map((entry) => heardBy(state, replica.name, entry))
      .filter((entry) => entry !== undefined);
    replica.sent.set(state.id, state.seq);
    const grant = this.#bind(state, turn, replica, state.seq);
    this.#clock.granted(now - Math.max(turn.givenAt, turn.notBefore));
    const frame = grantFrame({ state, turn, grant, entries: heard, pooled, now });
    replica.connection.send(JSON.stringify(frame));
  }

  #bind(state: Conversation, turn: Turn, replica: Replica, seen: number): Grant {
    const now = this.#now();
    const deadline = Math.min(now + state.limits.turnDeadlineMs, endsAt(state) ?? Number.POSITIVE_INFINITY);
    const grant: Grant = {
      conversation: state.id,
      turn: turn.number,
      attempt: turn.attempts + 1,
      replica,
      grantedAt: now,
      deadline,
      seen: seen === 0 ? turn.since : seen,
    };
    const grants = this.#granted.get(state.id) ?? new Map<number, Grant>();
    this.#granted.set(state.id, grants.set(turn.number, grant));
    replica.grants.add(grant);
    this.#waiting.get(turn.member)?.delete(state.id);
    return grant;
  }

  #release(grant: Grant): void {
    grant.replica.grants.delete(grant);
    const grants = this.#granted.get(grant.conversation);
    grants?.delete(grant.turn);
    if (grants?.size === 0) this.#granted.delete(grant.conversation);
  }

  #lapse(grant: Grant, cause: LapseCause): void {
    this.#release(grant);
    this.#lapsed.set(`${grant.conversation}#${grant.turn}`, grant.replica);
    if (cause === 'deadline') this.breakers.failed(grant.replica);
    // A router that is leaving takes its connections with it; that is no fault of the agents.
    if (!this.#draining) this.#write(grant.conversation, { type: 'lapse', turn: grant.turn, cause });
  }

  #write(conversation: string, command: Lapse): void {
    this.#conversations.submit(conversation, command, (outcome) => {
      if (outcome.kind === 'refused' && outcome.code === 'unavailable')
        this.#unwritten.push({ conversation, command });
    });
  }
}
