import type { Commit } from '../conversations/conversations.ts';

/**
 * Who has spoken to which agent and waits for the answer: where several have asked the same, or it answers without naming
 * an addressee, plain clients would not hear it otherwise.
 */
export class Askers {
  /** By conversation and the member asked. */
  readonly #asked = new Map<string, Map<string, Set<string>>>();

  asked(conversation: string, by: string, member: string): void {
    const members = this.#asked.get(conversation) ?? new Map<string, Set<string>>();
    this.#asked.set(conversation, members.set(member, (members.get(member) ?? new Set()).add(by)));
  }

  /** The member has answered: those who had asked it. */
  answered(conversation: string, member: string): ReadonlySet<string> {
    const members = this.#asked.get(conversation);
    const askers = members?.get(member);
    members?.delete(member);
    return askers ?? new Set();
  }

  onCommit({ after }: Commit): void {
    if (after.status.state === 'ended') this.#asked.delete(after.id);
  }
}
