import { maxMembers } from '@parley/protocol';
import type { Aim } from '../core/command.ts';
import type { Conversation, Turn } from '../core/conversation.ts';
import { policies } from '../core/policies/policies.ts';

/** Names whose target is remembered. When there are more, the name that registered least recently is evicted. */
const maxNames = 50_000;
/** A turn waits for an agent that may complete a ring until no agent has first registered with a target for so long, */
const quietMs = 5_000;
/** and at most until so long after the chain last became longer. */
const ringPatienceMs = 20_000;

/** The chain of targets that begins at the opener. `unknown`: it leads to a name that has not registered yet. */
interface Ring {
  readonly names: readonly string[];
  readonly leads: 'back' | 'nowhere' | 'unknown';
}

interface Told {
  readonly target: string | undefined;
  /** When the name first registered with this target. */
  readonly at: number;
}

/**
 * The name that each agent is set to address, from its `register` frame (PROTOCOL §10.7), so that a ring of targets is known and
 * not guessed. It is kept when the agent disconnects, so that a short reconnect does not break the ring.
 */
export class Targets {
  readonly #told = new Map<string, Told>();
  readonly #now: () => number;
  readonly #startedAt: number;
  /** When a name last registered with a target that it had not before. */
  #newestAt: number;

  /** `now` is a steady time, and the router starts at this moment. */
  constructor(now: () => number) {
    this.#now = now;
    this.#startedAt = now();
    this.#newestAt = this.#startedAt;
  }

  registered(name: string, setting: string | undefined): void {
    const target = setting === name ? undefined : setting;
    const earlier = this.#told.get(name);
    this.#told.delete(name);
    const isNew = !earlier || earlier.target !== target;
    this.#told.set(name, isNew ? { target, at: this.#now() } : earlier);
    if (isNew && target !== undefined) this.#newestAt = this.#now();
    if (this.#told.size > maxNames) this.#told.delete(this.#told.keys().next().value as string);
  }

  /** The target of `from` and its ring in a conversation that `opener` opened. */
  aimOf(from: string, opener: string | undefined): Aim | undefined {
    const target = this.#told.get(from)?.target;
    if (target === undefined || opener === undefined) return undefined;
    const { names, leads } = this.#from(opener);
    return { target, ring: leads === 'back' ? names : [] };
  }

  /**
   * Whether the turn waits because the addressee of its message is not known yet: the opener, or an agent on the chain from it,
   * has not registered, while agents with targets are still starting. An agent whose target never registers waits once, and not in
   * each conversation. The bound on the whole wait is there for peers that register without end.
   */
  awaits({ by, policy }: Conversation, { member, givenBy }: Turn): boolean {
    if (!policies[policy].followsTargets) return false;
    const target = this.#told.get(member)?.target;
    if (target === undefined || target === givenBy || givenBy === member) return false;
    const { names, leads } = this.#from(by);
    if (leads !== 'unknown') return false;
    if (this.#now() >= this.#newestAt + quietMs) return false;
    const grownAt = Math.max(this.#startedAt, ...names.map((name) => this.#told.get(name)?.at ?? 0));
    return this.#now() < grownAt + ringPatienceMs;
  }

  #from(opener: string): Ring {
    const names = [opener];
    for (let name = opener; names.length <= maxMembers; names.push(name)) {
      const told = this.#told.get(name);
      if (!told) return { names, leads: 'unknown' };
      const next = told.target;
      if (next === opener) return { names, leads: 'back' };
      if (next === undefined || names.includes(next)) break;
      name = next;
    }
    return { names, leads: 'nowhere' };
  }
}
