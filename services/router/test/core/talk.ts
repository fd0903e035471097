import type { Entry, Limits } from '@parley/protocol';
import type { Command, Decision } from '../../src/core/command.ts';
import type { Conversation, Turn } from '../../src/core/conversation.ts';
import { decide } from '../../src/core/decide.ts';
import { evolve } from '../../src/core/evolve.ts';

export const limits = (some: Partial<Limits> = {}): Limits => ({
  maxTurns: 0,
  maxDurationMs: 0,
  stopPhrases: [],
  maxAttempts: 3,
  onFailure: 'end',
  turnDeadlineMs: 1_000,
  ...some,
});

/** What an answer says of its grant, while the turn is granted. */
export const granted = ({ number, attempts }: Turn) => ({ turn: number, attempt: attempts + 1 });

/** One conversation driven by hand: every command is decided, every entry is evolved, nothing else. */
export class Talk {
  state: Conversation | undefined;
  readonly entries: Entry[] = [];
  now = 1_000;

  constructor(open: Partial<Extract<Command, { type: 'open' }>> = {}) {
    const [by = 'ann'] = open.members ?? ['ann'];
    this.do({ type: 'open', by, members: ['ann', 'bob'], policy: 'addressed', limits: limits(), ...open });
  }

  do(command: Command): Decision {
    const decision = decide(this.state, command, this.now);
    if (decision.kind !== 'append') return decision;
    for (const entry of decision.entries) {
      this.state = evolve(command.type === 'fork' ? command.parent : this.state, entry, 'c1');
      this.entries.push(entry);
    }
    return decision;
  }

  /** The first who has the floor says something; `more` goes into the command. */
  say(text = 'a line', more: object = {}): Decision {
    const turn = this.state?.floor[0];
    const from = turn?.member ?? 'no-member';
    return this.do({ type: 'say', from, text, ...(turn && granted(turn)), ...more });
  }

  get floor(): string[] {
    return this.state?.floor.map(({ member }) => member) ?? [];
  }

  get ending(): string | undefined {
    return this.state?.status.state === 'ended' ? this.state.status.reason : undefined;
  }

  get last(): Entry | undefined {
    return this.entries.at(-1);
  }
}
