import type { Grant } from './grant.ts';

/** The turns that replicas work on, by conversation and turn. */
export class GrantedTurns {
  readonly #byConversation = new Map<string, Map<number, Grant>>();

  get count(): number {
    return [...this.#byConversation.values()].reduce((sum, { size }) => sum + size, 0);
  }

  of(conversation: string, turn: number): Grant | undefined {
    return this.#byConversation.get(conversation)?.get(turn);
  }

  in(conversation: string): readonly Grant[] {
    return [...(this.#byConversation.get(conversation)?.values() ?? [])];
  }

  countIn(conversation: string): number {
    return this.#byConversation.get(conversation)?.size ?? 0;
  }

  *all(): Iterable<Grant> {
    for (const grants of this.#byConversation.values()) yield* grants.values();
  }

  add(grant: Grant): void {
    const grants = this.#byConversation.get(grant.conversation) ?? new Map<number, Grant>();
    this.#byConversation.set(grant.conversation, grants.set(grant.turn, grant));
  }

  delete({ conversation, turn }: Grant): void {
    const grants = this.#byConversation.get(conversation);
    grants?.delete(turn);
    if (grants?.size === 0) this.#byConversation.delete(conversation);
  }
}
