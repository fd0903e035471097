import type { Commit } from '../conversations.ts';

/** How much is kept of conversations that have ended: after that, the first to end is forgotten first. */
const maxEnded = 10_000;

/** No name has a space in it, so no two are the same. Without a peer: wherever the name was last. */
const placeOf = (name: string, peer = ''): string => `${name} ${peer}`;

/**
 * Which conversation a plain client means when it writes to somebody (PROTOCOL §3.4): the one it shares with the
 * target, else the one in which it owes a reply. Bounded by what is running, and by a limit for what has ended.
 */
export class Correspondence {
  /** The conversation in which two last wrote to each other, and that in which a name last spoke or was addressed. */
  readonly #last = new Map<string, string>();
  /** The places of each conversation. */
  readonly #places = new Map<string, Set<string>>();
  /** First to end first. */
  readonly #ended = new Set<string>();
  #endedPlaces = 0;

  /** The conversation in which the two last wrote to each other. */
  shared(from: string, target: string): string | undefined {
    return this.#last.get(placeOf(from, target));
  }

  /** The conversation in which the name was last addressed or last spoke. */
  current(name: string): string | undefined {
    return this.#last.get(placeOf(name));
  }

  /** A line is on its way: what the two write meanwhile belongs to the same conversation. */
  note(from: string, target: string, conversation: string): void {
    this.#put(placeOf(from, target), conversation);
    this.#put(placeOf(target, from), conversation);
  }

  /** The client has been told that the conversation ended; its next line opens another. */
  forget(name: string, conversation: string): void {
    for (const place of this.#places.get(conversation) ?? [])
      if (place.startsWith(placeOf(name))) this.#take(place, conversation);
  }

  /** There is no such conversation. */
  drop(conversation: string): void {
    for (const place of this.#places.get(conversation) ?? []) this.#take(place, conversation);
  }

  onCommit({ before, after, entries }: Commit): void {
    for (const entry of entries) {
      if (entry.type !== 'said' || entry.target === undefined) continue;
      this.note(entry.from, entry.target, after.id);
      for (const name of [entry.from, entry.target]) this.#put(placeOf(name), after.id);
    }
    // Where turns go round nobody is addressed: who is given the floor answers whoever spoke last.
    for (const { member, number } of after.floor) {
      const peer = after.lastSpeaker;
      if (peer === undefined || peer === member) continue;
      if (before?.floor.some((turn) => turn.number === number)) continue;
      this.#put(placeOf(member, peer), after.id);
      this.#put(placeOf(member), after.id);
    }
    if (after.status.state === 'ended') this.#end(after.id);
  }

  #end(conversation: string): void {
    const places = this.#places.get(conversation);
    if (!places) return;
    this.#ended.add(conversation);
    this.#endedPlaces += places.size;
    for (const oldest of this.#ended) {
      if (this.#endedPlaces <= maxEnded) return;
      this.drop(oldest);
    }
  }

  #put(place: string, conversation: string): void {
    const known = this.#last.get(place);
    if (known === conversation) return;
    if (known !== undefined) this.#take(place, known);
    this.#last.set(place, conversation);
    const places = this.#places.get(conversation);
    if (places) places.add(place);
    else this.#places.set(conversation, new Set([place]));
    if (this.#ended.has(conversation)) this.#endedPlaces++;
  }

  #take(place: string, conversation: string): void {
    const places = this.#places.get(conversation);
    this.#last.delete(place);
    places?.delete(place);
    if (this.#ended.has(conversation)) this.#endedPlaces--;
    if (places?.size !== 0) return;
    this.#places.delete(conversation);
    this.#ended.delete(conversation);
  }
}
