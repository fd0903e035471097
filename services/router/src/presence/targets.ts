import { maxMembers } from '@parley/protocol';
import type { Aim } from '../core/command.ts';
import type { Conversation, Turn } from '../core/conversation.ts';
import { policies } from '../core/policies/policies.ts';

/** Names whose target is remembered. When there are more, the name that registered least recently is evicted. */
const maxNames = 50_000;
/** How long a turn waits for an agent that may complete a ring and has not registered yet. */
const ringPatienceMs = 5_000;

/** The chain of targets that begins at the opener. `unknown`: it leads to a name that has not registered yet. */
interface Ring {
  readonly names: readonly string[];
  readonly leads: 'back' | 'nowhere' | 'unknown';
}

/**
 * The name that each agent is set to address, from its `register` frame (PROTOCOL §10.7), so that a ring of targets is known and
 * not guessed. It is kept when the agent disconnects, so that a short reconnect does not break the ring.
 */
export class Targets {
  readonly #targets = new Map<string, string | undefined>();
  readonly #startedAt: number;

  constructor(startedAt: number) {
    this.#startedAt = startedAt;
  }

  registered(name: string, target: string | undefined): void {
    this.#targets.delete(name);
    this.#targets.set(name, target === name ? undefined : target);
    if (this.#targets.size > maxNames) this.#targets.delete(this.#targets.keys().next().value as string);
  }

  /** The target of `from` and its ring in a conversation that `opener` opened. */
  aimOf(from: string, opener: string | undefined): Aim | undefined {
    const target = this.#targets.get(from);
    if (target === undefined || opener === undefined) return undefined;
    const { names, leads } = this.#from(opener);
    return { target, ring: leads === 'back' ? names : [] };
  }

  /**
   * Whether the turn waits because the addressee of its message is not known yet: the opener, or an agent on the chain from it,
   * has not registered, and the conversation or the router has just started.
   */
  awaits({ by, policy, startedAt }: Conversation, { member, givenBy }: Turn, now: number): boolean {
    if (now >= Math.max(startedAt, this.#startedAt) + ringPatienceMs) return false;
    if (!policies[policy].followsTargets) return false;
    const target = this.#targets.get(member);
    if (target === undefined || target === givenBy || givenBy === member) return false;
    return this.#from(by).leads === 'unknown';
  }

  #from(opener: string): Ring {
    const names = [opener];
    for (let name = opener; names.length <= maxMembers; names.push(name)) {
      if (!this.#targets.has(name)) return { names, leads: 'unknown' };
      const next = this.#targets.get(name);
      if (next === opener) return { names, leads: 'back' };
      if (next === undefined || names.includes(next)) break;
      name = next;
    }
    return { names, leads: 'nowhere' };
  }
}
