import type { AttemptPlace, Claim, Cluster } from '../../cluster/cluster.ts';
import type { Conversation, Turn } from '../../core/conversation.ts';
import { endsAt } from '../../core/endings/endings.ts';
import type { Replica } from '../../presence/replica.ts';
import type { TurnsElsewhere } from './turns-elsewhere.ts';

export interface ClaimingOptions {
  readonly cluster: Pick<Cluster, 'self' | 'claims' | 'isHome'>;
  readonly elsewhere: TurnsElsewhere;
  readonly conversations: {
    get(id: string): Conversation | undefined;
    timeOf(state: Pick<Conversation, 'id'>): number;
  };
  /** Whether the replica has taken turns in the conversation. */
  readonly knows: (replica: Replica, conversation: string) => boolean;
  readonly later: (act: () => void, ms: number) => void;
  readonly onFailure: (error: unknown) => void;
}

/** A turn that is to be granted to a replica when this router has the claim. */
interface Wanted extends AttemptPlace {
  readonly member: string;
  readonly replica: Replica;
}

/**
 * Several routers may be able to grant a turn. They try one after the other: first the one whose replica knows the
 * conversation, then the home of the conversation, then the others.
 */
const homeDelayMs = 10;
const otherDelayMs = 30;
/** A claim outlives its grant by this time. So when its router has died, the others know which attempt was under way. */
const afterDeadlineMs = 60_000;
/** Interval of the check for unused claims. A claim that is unused at two checks in a row is released. */
const lookMs = 1_000;

/**
 * Claims turns before they are granted. Between the request and its answer the turn counts as taken and the replica as busy, so
 * that the replica is given no other turn.
 */
export class Claiming {
  readonly #options: ClaimingOptions;
  readonly #wanted = new Map<string, Map<number, Wanted>>();
  readonly #byReplica = new Map<Replica, number>();
  /** Claims that were unused at the last check. */
  #loose = new Set<Claim>();
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(options: ClaimingOptions) {
    this.#options = options;
  }

  has(conversation: string, turn: number): boolean {
    return this.#wanted.get(conversation)?.has(turn) ?? false;
  }

  countOf(replica: Replica): number {
    return this.#byReplica.get(replica) ?? 0;
  }

  countIn({ id }: Pick<Conversation, 'id'>): number {
    return this.#wanted.get(id)?.size ?? 0;
  }

  /** Requests a claim. Calls back once, asynchronously, with whether this router has it. The turn counts as taken until then. */
  begin(
    state: Conversation,
    turn: Turn,
    replica: Replica,
    done: (place: AttemptPlace, won: boolean) => void,
  ): void {
    const { cluster, knows, later, onFailure } = this.#options;
    const place = { conversation: state.id, turn: turn.number, attempt: turn.attempts + 1 };
    const wanted: Wanted = { ...place, member: turn.member, replica };
    this.#add(wanted);
    const end = (won: boolean) => {
      this.#remove(wanted);
      done(place, won);
    };
    const make = () => {
      if (this.#isElsewhere(wanted)) end(false);
      else this.#make(wanted).then(end).catch(onFailure);
    };
    if (knows(replica, state.id)) make();
    else later(make, cluster.isHome(state.id) ? homeDelayMs : otherDelayMs);
  }

  /** Claims a turn on which the replica already works. Nothing waits for the claim: it only informs the other routers. */
  resumed(place: AttemptPlace & { readonly member: string }): void {
    this.#make(place).catch(this.#options.onFailure);
  }

  /** Releases the claims of this router in a conversation whose attempts are over. */
  settle({ id, floor, seats }: Conversation): void {
    const { cluster } = this.#options;
    for (const claim of cluster.claims.inConversation(id)) {
      if (claim.router !== cluster.self || this.has(id, claim.turn)) continue;
      const turn = floor.find(({ number }) => number === claim.turn);
      if (!turn || turn.attempts >= claim.attempt || seats.has(turn.member)) this.release(claim);
    }
  }

  /**
   * Releases claims of this router that have belonged to no grant for a while: claims that were made after their grant was
   * over, and claims whose lapse counted fewer attempts. `isHeld`: whether the claim belongs to a grant or a bid.
   */
  tick(now: number, isHeld: (claim: Claim) => boolean): void {
    if (now - this.#lookedAt < lookMs) return;
    this.#lookedAt = now;
    const loose = new Set<Claim>();
    for (const claim of this.#options.cluster.claims.own()) {
      if (this.has(claim.conversation, claim.turn) || isHeld(claim)) continue;
      if (this.#loose.has(claim)) this.release(claim);
      else loose.add(claim);
    }
    this.#loose = loose;
  }

  release(place: AttemptPlace): void {
    this.#options.cluster.claims.release(place);
  }

  #make(wanted: AttemptPlace & { readonly member: string }): Promise<boolean> {
    const { cluster, conversations } = this.#options;
    const { conversation, turn, attempt, member } = wanted;
    const state = conversations.get(conversation);
    const deadlineMs = state?.limits.turnDeadlineMs ?? 0;
    const restMs = state ? (endsAt(state) ?? Number.POSITIVE_INFINITY) - conversations.timeOf(state) : 0;
    const ttlMs = Math.max(0, Math.min(deadlineMs, restMs)) + afterDeadlineMs;
    return cluster.claims.make({ conversation, turn, attempt, member }, ttlMs);
  }

  /** Another router was faster, or the turn is over. */
  #isElsewhere({ conversation, turn, attempt }: AttemptPlace): boolean {
    const state = this.#options.conversations.get(conversation);
    const open = state?.floor.find(({ number }) => number === turn);
    return !state || !open || open.attempts + 1 !== attempt || this.#options.elsewhere.holds(state, open);
  }

  #add(wanted: Wanted): void {
    const { conversation, turn, replica } = wanted;
    const turns = this.#wanted.get(conversation) ?? new Map<number, Wanted>();
    this.#wanted.set(conversation, turns.set(turn, wanted));
    this.#byReplica.set(replica, this.countOf(replica) + 1);
  }

  #remove({ conversation, turn, replica }: Wanted): void {
    const turns = this.#wanted.get(conversation);
    turns?.delete(turn);
    if (turns?.size === 0) this.#wanted.delete(conversation);
    const left = this.countOf(replica) - 1;
    if (left > 0) this.#byReplica.set(replica, left);
    else this.#byReplica.delete(replica);
  }
}
