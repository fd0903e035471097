import type { Conversations } from '../../conversations/conversations.ts';
import type { Conversation, Turn } from '../../core/conversation.ts';
import type { Presence } from '../../presence/presence.ts';
import type { Gathering } from '../waiting/gathering.ts';

/** Counts the turns of a conversation that are under way. */
export interface TurnCounter {
  countIn(state: Pick<Conversation, 'id' | 'seats' | 'floor'>): number;
}

export interface GrantRulesOptions {
  readonly conversations: Pick<Conversations, 'timeOf'>;
  readonly gathering: Gathering;
  readonly presence: Pick<Presence, 'isReadElsewhere'>;
  /** The tables of turns under way: of replicas, of plain clients, and on other routers. */
  readonly underWay: readonly TurnCounter[];
}

/** Whether a turn may be granted now, to a replica or to a plain client: pause, seat, step, pace and gathering. */
export class GrantRules {
  readonly #options: GrantRulesOptions;

  constructor(options: GrantRulesOptions) {
    this.#options = options;
  }

  isGrantable(state: Conversation, turn: Turn): boolean {
    const { conversations, gathering } = this.#options;
    const isDue = turn.notBefore <= conversations.timeOf(state);
    return isDue && !gathering.holds(state, turn) && this.mayContinue(state, turn);
  }

  /** The rules for a turn that was granted before. Pace and gathering are left out: they held at the first grant. */
  mayContinue(state: Conversation, turn: Turn): boolean {
    return state.status.state === 'running' && !state.seats.has(turn.member) && !this.stepIsUsed(state, turn);
  }

  /**
   * As many turns are under way as the operator's step allows. An earlier turn of a plain client that is connected to another
   * router counts as under way, because that router grants it or is about to. A later one does not count: so two routers never
   * wait for each other.
   */
  stepIsUsed(state: Conversation, turn: Turn): boolean {
    const { stepping, floor, seats } = state;
    if (stepping === undefined) return false;
    const { presence } = this.#options;
    const isGivenElsewhere = ({ member, number }: Turn): boolean =>
      number < turn.number && !seats.has(member) && presence.isReadElsewhere(member);
    let underWay = floor.filter(isGivenElsewhere).length;
    for (const table of this.#options.underWay) underWay += table.countIn(state);
    return underWay >= stepping.turns;
  }
}
