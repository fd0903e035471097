import type { Claim, Cluster, RouterChange } from '../../cluster/cluster.ts';
import type { Conversations } from '../../conversations/conversations.ts';

export interface DeadRoutersOptions {
  readonly cluster: Pick<Cluster, 'claims' | 'isAlive' | 'follow' | 'isHome'>;
  readonly conversations: Pick<Conversations, 'get' | 'submit'>;
  /** The steady clock. */
  readonly now: () => number;
}

/** Interval of the check. It visits one claim for each turn that is under way on another router. */
const everyMs = 500;
/** The home of a conversation lapses the turn immediately. The other routers wait this long, in case it does not. */
const otherDelayMs = 2_000;
/** After a proper shutdown of a router, its agents get this time to connect to another router and continue their turns. */
const leftDelayMs = 3_000;
const againMs = 2_000;

const keyOf = ({ conversation, turn, attempt }: Claim): string => `${conversation} ${turn} ${attempt}`;

/**
 * Lapses the turns that were under way on a router that has gone. Every live router may do so: the lapse names its attempt, so
 * a second one has no effect.
 */
export class DeadRouters {
  readonly #options: DeadRoutersOptions;
  readonly #left = new Set<string>();
  /** The time at which the turn of a claim lapses, by the key of the claim. */
  #due = new Map<string, number>();
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(options: DeadRoutersOptions) {
    this.#options = options;
    options.cluster.follow((change) => this.#onChange(change));
  }

  tick(): void {
    const { cluster, conversations, now } = this.#options;
    const at = now();
    if (at - this.#lookedAt < everyMs) return;
    this.#lookedAt = at;
    const due = new Map<string, number>();
    for (const claim of cluster.claims.others()) {
      if (cluster.isAlive(claim.router) || !this.#isOpen(claim)) continue;
      const key = keyOf(claim);
      const when = this.#due.get(key) ?? at + this.#delayOf(claim);
      due.set(key, when <= at ? at + againMs : when);
      if (when > at) continue;
      const { conversation, turn, attempt } = claim;
      conversations.submit(conversation, { type: 'lapse', turn, attempt, cause: 'gone' });
    }
    this.#due = due;
  }

  /** Whether the turn still waits for the attempt of this claim. A newer attempt of a live router is not affected. */
  #isOpen(claim: Claim): boolean {
    const { cluster, conversations } = this.#options;
    const turn = conversations.get(claim.conversation)?.floor.find(({ number }) => number === claim.turn);
    return (
      turn !== undefined &&
      claim.attempt > turn.attempts &&
      cluster.claims.at(claim.conversation, claim.turn)?.attempt === claim.attempt
    );
  }

  #delayOf({ router, conversation }: Claim): number {
    const orderly = this.#left.has(router) ? leftDelayMs : 0;
    return orderly + (this.#options.cluster.isHome(conversation) ? 0 : otherDelayMs);
  }

  #onChange(change: RouterChange): void {
    if (change.type === 'gone' && change.how === 'left') this.#left.add(change.router.id);
    else this.#left.delete(change.router.id);
    // The set is bounded: it holds the routers of one rolling restart.
    const [oldest] = this.#left;
    if (this.#left.size > 100 && oldest !== undefined) this.#left.delete(oldest);
  }
}
