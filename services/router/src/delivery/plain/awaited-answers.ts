/**
 * Which members wait for an answer of which agent. Where several have asked the same agent, or it answers without an addressee,
 * the plain clients among them are sent the answer, too.
 */
export class AwaitedAnswers {
  /** The members that wait, by conversation and the member that they asked. */
  readonly #asked = new Map<string, Map<string, Set<string>>>();

  asked(conversation: string, by: string, member: string): void {
    const members = this.#asked.get(conversation) ?? new Map<string, Set<string>>();
    this.#asked.set(conversation, members.set(member, (members.get(member) ?? new Set()).add(by)));
  }

  /** The member has answered. Returns the members that had asked it. */
  answered(conversation: string, member: string): ReadonlySet<string> {
    const members = this.#asked.get(conversation);
    const waiting = members?.get(member);
    members?.delete(member);
    return waiting ?? new Set();
  }

  /** The conversation has ended: no answer is awaited any more. */
  ended(conversation: string): void {
    this.#asked.delete(conversation);
  }
}
