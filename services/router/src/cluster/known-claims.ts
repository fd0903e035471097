import type { AttemptPlace, Claim } from './cluster.ts';

interface Known {
  readonly claim: Claim;
  /** When it expires, by the steady clock. */
  readonly endsAt: number;
}

/** The claims that are known, by conversation. Pure: its caller passes in the events and the time. */
export class KnownClaims {
  readonly #byConversation = new Map<string, Known[]>();

  /** Returns false when the same router already had this claim. */
  made(claim: Claim, endsAt: number): boolean {
    const known = this.#byConversation.get(claim.conversation) ?? [];
    const rest = known.filter((one) => !isAt(one.claim, claim));
    this.#byConversation.set(claim.conversation, [...rest, { claim, endsAt }]);
    return !known.some((one) => isAt(one.claim, claim) && one.claim.router === claim.router);
  }

  /** Returns the claim that has ended; undefined when it was not known. */
  ended(place: AttemptPlace): Claim | undefined {
    const known = this.#byConversation.get(place.conversation);
    const found = known?.find(({ claim }) => isAt(claim, place));
    if (!known || !found) return undefined;
    const rest = known.filter((one) => one !== found);
    if (rest.length > 0) this.#byConversation.set(place.conversation, rest);
    else this.#byConversation.delete(place.conversation);
    return found.claim;
  }

  get(place: AttemptPlace): Claim | undefined {
    return this.#byConversation.get(place.conversation)?.find(({ claim }) => isAt(claim, place))?.claim;
  }

  /** The claim of the newest attempt. */
  newest(conversation: string, turn: number): Claim | undefined {
    let newest: Claim | undefined;
    for (const { claim } of this.#byConversation.get(conversation) ?? [])
      if (claim.turn === turn && claim.attempt > (newest?.attempt ?? 0)) newest = claim;
    return newest;
  }

  *inConversation(conversation: string): Iterable<Claim> {
    for (const { claim } of [...(this.#byConversation.get(conversation) ?? [])]) yield claim;
  }

  *all(): Iterable<Claim> {
    for (const known of [...this.#byConversation.values()]) for (const { claim } of known) yield claim;
  }

  /** Removes and returns the claims that have expired. */
  expire(now: number): Claim[] {
    const over: Claim[] = [];
    for (const known of this.#byConversation.values())
      for (const { claim, endsAt } of known) if (endsAt <= now) over.push(claim);
    for (const claim of over) this.ended(claim);
    return over;
  }
}

const isAt = (claim: Claim, { turn, attempt }: AttemptPlace): boolean =>
  claim.turn === turn && claim.attempt === attempt;
