import type { Entry } from '@parley/protocol';
import { type Command, type Decision, refuse } from '../core/command.ts';
import type { Conversation } from '../core/conversation.ts';
import { decide } from '../core/decide.ts';
import { evolve } from '../core/evolve.ts';
import type { Faults } from '../faults.ts';
import { type CapacityLimit, nothingReserved, reserveCapacity } from './capacity.ts';
import { broken, type OnResult, type Outcome, outcomeOf } from './outcome.ts';

export interface Queued {
  readonly command: Command;
  readonly done: OnResult | undefined;
}

/** The result of the commands of one conversation in one round. */
export interface Work {
  readonly id: string;
  readonly before: Conversation | undefined;
  entries: Entry[];
  /** Of each command. */
  answers: readonly { readonly done: OnResult | undefined; readonly outcome: Outcome }[];
  /** Release the capacity that was reserved for the entries. */
  readonly gives: (() => void)[];
  state: Conversation | undefined;
}

/** Decides the commands of a conversation, and reserves the capacity that their entries need. Never throws. */
export class Deciding {
  readonly #limits: CapacityLimit[] = [];
  readonly #faults: Faults;

  constructor(faults: Faults) {
    this.#faults = faults;
  }

  /** Limits are asked in the order in which they were added. */
  limit(limit: CapacityLimit): void {
    this.#limits.push(limit);
  }

  all(id: string, before: Conversation | undefined, queued: readonly Queued[], now: number): Work {
    const work: Work = { id, before, entries: [], answers: [], gives: [], state: before };
    let refused: Decision | undefined;
    work.answers = queued.map(({ command, done }) => {
      // Commands after a refused opening are refused for the same reason.
      const decision = (work.state ? undefined : refused) ?? this.#safely(work, command, now);
      if (decision.kind === 'refuse') refused = decision;
      return { done, outcome: outcomeOf(decision, work.state) };
    });
    return work;
  }

  /** A command that throws is refused. It has changed nothing, because the work is changed in the last step only. */
  #safely(work: Work, command: Command, now: number): Decision {
    try {
      return this.#decide(work, command, now);
    } catch (error) {
      this.#faults.caught('decision', command.type, error);
      return refuse(broken.code, broken.message);
    }
  }

  #decide(work: Work, command: Command, now: number): Decision {
    const lastAt = (command.type === 'fork' ? command.parent : work.state)?.lastAt ?? 0;
    const decision = decide(work.state, command, Math.max(now, lastAt));
    if (decision.kind !== 'append' || decision.entries.length === 0) return decision;
    let after = command.type === 'fork' ? command.parent : work.state;
    for (const entry of decision.entries) after = evolve(after, entry, work.id);
    const give = reserveCapacity(this.#limits, after as Conversation, decision.entries);
    if (typeof give !== 'function') return refuse(give.code, give.message);
    work.state = after;
    // Mostly there is one command. An array that grows by `push` has space for 17 entries.
    if (work.entries.length === 0) work.entries = [...decision.entries];
    else work.entries.push(...decision.entries);
    if (give !== nothingReserved) work.gives.push(give);
    return decision;
  }
}
