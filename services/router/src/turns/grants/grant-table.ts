import type { Replica } from '../../presence/replica.ts';
import type { Grant, TurnPlace } from './grant.ts';
import { TurnMap } from './turn-map.ts';

const none: ReadonlySet<Grant> = new Set();

/**
 * The grants that are running, by conversation and by replica. It owns their leases: a lease is settled when its call is
 * known to be over, at the latest when the grant ends.
 */
export class GrantTable {
  readonly #now: () => number;
  readonly #byTurn = new TurnMap<Grant>();
  readonly #byReplica = new Map<Replica, Set<Grant>>();
  #count = 0;
  /** To be called when no grant is running. */
  readonly #whenNone: (() => void)[] = [];

  constructor({ now }: { readonly now: () => number }) {
    this.#now = now;
  }

  get count(): number {
    return this.#count;
  }

  /** Resolves when no grant is running, however the last one ended. */
  whenNone(): Promise<void> {
    if (this.#count === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenNone.push(resolve));
  }

  at(conversation: string, turn: number): Grant | undefined {
    return this.#byTurn.get(conversation, turn);
  }

  /** A copy, so that grants may end while it is read. */
  inConversation(conversation: string): readonly Grant[] {
    return this.#byTurn.of(conversation);
  }

  countIn({ id }: { readonly id: string }): number {
    return this.#byTurn.countOf(id);
  }

  ofReplica(replica: Replica): ReadonlySet<Grant> {
    return this.#byReplica.get(replica) ?? none;
  }

  countOf(replica: Replica): number {
    return this.#byReplica.get(replica)?.size ?? 0;
  }

  /** The turn of the conversation that the replica has been granted. */
  heldBy(replica: Replica, conversation: string): number | undefined {
    for (const grant of this.ofReplica(replica)) if (grant.conversation === conversation) return grant.turn;
    return undefined;
  }

  all(): Iterable<Grant> {
    return this.#byTurn;
  }

  add(grant: Grant): void {
    this.#byTurn.set(grant.conversation, grant);
    const held = this.#byReplica.get(grant.replica);
    if (held) held.add(grant);
    else this.#byReplica.set(grant.replica, new Set([grant]));
    this.#count++;
  }

  /** The grant is over, and with it its call. */
  end(grant: Grant): void {
    const { conversation, turn, replica } = grant;
    this.callOver(grant);
    if (this.at(conversation, turn) !== grant) return;
    this.#byTurn.delete(conversation, turn);
    const held = this.#byReplica.get(replica);
    held?.delete(grant);
    if (held?.size === 0) this.#byReplica.delete(replica);
    this.#count--;
    if (this.#count === 0) for (const resolve of this.#whenNone.splice(0)) resolve();
  }

  /** The replica streams its reply, so the call has been made. False when the replica does not hold this grant. */
  callBegan(replica: Replica, { conversation, turn }: TurnPlace): boolean {
    const grant = this.at(conversation, turn);
    if (grant?.replica !== replica) return false;
    grant.lease?.pool.called(grant.lease, this.#now());
    return true;
  }

  /** The model server answered the call of this replica with a 429. */
  callRateLimited(replica: Replica, { conversation, turn }: TurnPlace, retryAfterMs?: number): void {
    const grant = this.at(conversation, turn);
    if (grant?.replica === replica) grant.lease?.pool.slowDown(grant.lease, this.#now(), retryAfterMs);
  }

  /** The model server did not answer the call. */
  callFailed({ lease }: Grant): void {
    lease?.pool.failed(lease, this.#now());
  }

  /** The call is over. `tokens` is missing where the number is not known. Only the first report of a call counts. */
  callOver({ lease }: Grant, tokens?: number): void {
    lease?.pool.over(lease, this.#now(), tokens);
  }
}
