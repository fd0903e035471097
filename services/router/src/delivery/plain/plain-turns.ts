import type { Conversations } from '../../conversations/conversations.ts';
import type { Answers } from '../../core/command.ts';
import type { Conversation, Turn } from '../../core/conversation.ts';
import { policies } from '../../core/policies/policies.ts';
import type { Presence } from '../../presence/presence.ts';
import { deadlineDetail } from '../../turns/grants/deadline-detail.ts';
import type { GrantRules } from '../../turns/grants/grant-rules.ts';
import type { PlainGrant, PlainGrants } from './plain-grants.ts';

export interface PlainTurnsOptions {
  readonly conversations: Conversations;
  readonly presence: Presence;
  readonly rules: Pick<GrantRules, 'isGrantable'>;
  readonly grants: PlainGrants;
  readonly now: () => number;
}

/** The turn that the member has in the conversation. */
export const turnOf = ({ floor }: Conversation, name: string): Turn | undefined =>
  floor.find(({ member }) => member === name);

/**
 * Grants turns to plain clients, by the same rules as grants to replicas. A simple client may call its model in
 * its only thread, so that it answers no ping until the model has answered: while it has a turn, unanswered pings do not end its
 * connection.
 */
export class PlainTurns {
  readonly #options: PlainTurnsOptions;
  /** Clients that have the floor and have not been granted the turn yet, by conversation. */
  #due = new Map<string, Set<string>>();
  /** Grants with a deadline. */
  readonly #timed = new Set<PlainGrant>();

  constructor(options: PlainTurnsOptions) {
    this.#options = options;
  }

  /**
   * The turn that a message of the client answers: the granted one; under a policy without order, also one that may be granted
   * now.
   */
  answeredBy(name: string, state: Conversation): Answers | undefined {
    const { grants, rules } = this.#options;
    const grant = grants.at(state.id, name);
    if (grant) return { turn: grant.turn, attempt: grant.attempt };
    const turn = policies[state.policy].allowsUnsolicited ? turnOf(state, name) : undefined;
    if (!turn || !rules.isGrantable(state, turn)) return undefined;
    return { turn: turn.number, attempt: turn.attempts + 1 };
  }

  /** Whether the turn of the client has been granted. */
  isGiven(state: Conversation, name: string): boolean {
    const turn = turnOf(state, name);
    return turn !== undefined && this.has(state, turn);
  }

  /** Seq up to which the client received the conversation with the message that granted its turn; 0 without a turn. */
  deliveredUpTo({ id }: Conversation, name: string): number {
    return this.#options.grants.at(id, name)?.seq ?? 0;
  }

  /** Whether this turn was granted to the member. */
  has({ id }: Conversation, { member, number }: Turn): boolean {
    return this.#options.grants.at(id, member)?.turn === number;
  }

  /** Whether a message must wait because it would grant the client a turn that may not be granted yet. */
  mustWait(state: Conversation, name: string): boolean {
    const turn = turnOf(state, name);
    return turn !== undefined && !this.has(state, turn) && !this.#options.rules.isGrantable(state, turn);
  }

  /** The same; a message that has to wait is tried again with a later tick. */
  holdsBack(state: Conversation, name: string): boolean {
    const waits = this.mustWait(state, name);
    if (waits) this.defer(state.id, name);
    return waits;
  }

  /** The client was sent a message: if it has the floor, this is its grant. */
  messageSent(state: Conversation, name: string): void {
    const turn = turnOf(state, name);
    if (turn && !this.has(state, turn)) this.grant(state, turn);
  }

  /** Removes and returns the clients to which a turn is still to be granted, by conversation. */
  takeDue(): ReadonlyMap<string, ReadonlySet<string>> {
    const due = this.#due;
    this.#due = new Map();
    return due;
  }

  /** A later tick grants the turn of the client. */
  defer(conversation: string, name: string): void {
    this.#due.set(conversation, (this.#due.get(conversation) ?? new Set()).add(name));
  }

  /** Lapses the turns whose deadline has passed. */
  tick(now: number): void {
    for (const grant of this.#timed) {
      if (now < grant.deadline) continue;
      const state = this.#options.conversations.get(grant.conversation);
      // During a pause, and while an operator has its seat, the client need not answer. Its time starts again afterwards.
      if (state && (state.status.state !== 'running' || state.seats.has(grant.name))) {
        grant.grantedAt = now;
        grant.deadline = now + state.limits.turnDeadlineMs;
        continue;
      }
      const detail = deadlineDetail(grant, state);
      // Again in a second, if the ledger cannot take the lapse.
      grant.deadline = now + 1_000;
      const { conversation, turn, attempt } = grant;
      const lapse = { type: 'lapse', turn, attempt, cause: 'deadline', detail } as const;
      this.#options.conversations.submit(conversation, lapse);
    }
  }

  /** Whether the client may leave pings unanswered because it works on an answer. */
  mayBeSilent(name: string): boolean {
    return this.#options.grants.isPatientWith(name, this.#options.now());
  }

  /** The client has disconnected. */
  takeBack(name: string): void {
    for (const grant of this.#options.grants.ofClient(name)) this.end(grant, grant.turn);
  }

  /** `wasSentBefore`: the message that gives the turn was sent on an earlier connection of the client, and not on this one. */
  grant(state: Conversation, turn: Turn, wasSentBefore = false): void {
    const known = this.#options.grants.at(state.id, turn.member);
    // Its turn has ended, and no follower was told.
    if (known) this.end(known, known.turn);
    const grant: PlainGrant = {
      conversation: state.id,
      name: turn.member,
      turn: turn.number,
      seq: state.seq,
      attempt: 0,
      wasSentBefore,
      grantedAt: 0,
      deadline: 0,
      patientUntil: 0,
    };
    this.#options.grants.add(grant);
    this.nextAttempt(state, turn, grant);
  }

  /** The message is not sent again on the connection that has it already. */
  nextAttempt(state: Conversation, turn: Turn, grant: PlainGrant): void {
    const now = this.#options.now();
    const { turnDeadlineMs, maxAttempts } = state.limits;
    const isTimed = !this.#isAmongPlainClients(state);
    grant.attempt = turn.attempts + 1;
    grant.grantedAt = now;
    grant.deadline = isTimed ? now + turnDeadlineMs : Number.POSITIVE_INFINITY;
    grant.patientUntil = now + turnDeadlineMs * (isTimed ? 1 : maxAttempts);
    if (isTimed) this.#timed.add(grant);
  }

  /** Ends the grant, if it is one of this turn. */
  end(grant: PlainGrant, turn: number): void {
    if (grant.turn !== turn) return;
    this.#timed.delete(grant);
    this.#options.grants.end(grant);
  }

  /** Whether the conversation was opened by the message of a plain client: it has no scenario, and no agent waits for its turn. */
  #isAmongPlainClients({ policy, topic, cast, by }: Conversation): boolean {
    const { presence } = this.#options;
    return (
      policies[policy].allowsUnsolicited &&
      topic === undefined &&
      cast.size === 0 &&
      !presence.isOrWasAgent(by)
    );
  }
}
