interface Numbered {
  readonly turn: number;
}

/**
 * Values by conversation and turn. A conversation rarely has more than one turn under way. For a single turn no inner map is
 * allocated, because turns change very often.
 */
export class TurnMap<V extends Numbered> {
  readonly #all = new Map<string, V | Map<number, V>>();

  get(conversation: string, turn: number): V | undefined {
    const here = this.#all.get(conversation);
    if (here instanceof Map) return here.get(turn);
    return here?.turn === turn ? here : undefined;
  }

  set(conversation: string, value: V): void {
    const here = this.#all.get(conversation);
    if (here instanceof Map) here.set(value.turn, value);
    else if (here === undefined || here.turn === value.turn) this.#all.set(conversation, value);
    else
      this.#all.set(
        conversation,
        new Map([
          [here.turn, here],
          [value.turn, value],
        ]),
      );
  }

  delete(conversation: string, turn: number): void {
    const here = this.#all.get(conversation);
    if (here instanceof Map) {
      here.delete(turn);
      if (here.size === 0) this.#all.delete(conversation);
    } else if (here?.turn === turn) this.#all.delete(conversation);
  }

  /** A copy, so that values may be deleted while it is read. */
  of(conversation: string): readonly V[] {
    const here = this.#all.get(conversation);
    if (here === undefined) return [];
    return here instanceof Map ? [...here.values()] : [here];
  }

  countOf(conversation: string): number {
    const here = this.#all.get(conversation);
    if (here === undefined) return 0;
    return here instanceof Map ? here.size : 1;
  }

  *[Symbol.iterator](): Iterator<V> {
    for (const here of this.#all.values())
      if (here instanceof Map) yield* here.values();
      else yield here;
  }
}
