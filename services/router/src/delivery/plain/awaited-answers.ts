type Asked = Map<string, Set<string>>;

/**
 * Which members wait for an answer of which agent. If several have asked the same agent, or it answers without an addressee,
 * all plain clients among them are sent the answer.
 */
export class AwaitedAnswers {
  /** The members that wait, by conversation and the member that they asked. */
  readonly #asked = new Map<string, Asked>();
  readonly #before: (conversation: string, seq: number) => Asked;

  /** `before`: the members that waited before the entry `seq`, for a conversation that an earlier router has begun. */
  constructor(before: (conversation: string, seq: number) => Asked) {
    this.#before = before;
  }

  /** The conversation begins: no answer is awaited. */
  opened(conversation: string): void {
    this.#asked.set(conversation, new Map());
  }

  asked(conversation: string, seq: number, by: string, member: string): void {
    const members = this.#of(conversation, seq);
    members.set(member, (members.get(member) ?? new Set()).add(by));
  }

  /** The member has answered with the entry `seq`. Returns the members that had asked it. */
  answered(conversation: string, seq: number, member: string): ReadonlySet<string> {
    const members = this.#of(conversation, seq);
    const waiting = members.get(member);
    members.delete(member);
    return waiting ?? new Set();
  }

  /** The conversation has ended: no answer is awaited any more. */
  ended(conversation: string): void {
    this.#asked.delete(conversation);
  }

  #of(conversation: string, seq: number): Asked {
    const known = this.#asked.get(conversation);
    if (known) return known;
    const before = this.#before(conversation, seq);
    this.#asked.set(conversation, before);
    return before;
  }
}
