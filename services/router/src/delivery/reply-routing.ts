import type { Commit } from '../conversations/conversations.ts';
import type { Conversation } from '../core/conversation.ts';
import { turnsOf } from '../core/floor.ts';

/** Names that are kept of conversations that have ended: after that, the first to end is forgotten first. */
const maxEndedNames = 5_000;

/** What is known of one name. */
interface Letters {
  /** The conversation in which it last spoke or was addressed. */
  last: string | undefined;
  /** By peer: the conversation in which the two last wrote to each other. */
  readonly with: Map<string, string>;
}

/**
 * Which conversation a plain client means when it writes to somebody (PROTOCOL §3.4): the one it shares with the
 * target, else the one in which it owes a reply. Bounded by what is running, and by a limit for what has ended.
 */
export class ReplyRouting {
  readonly #letters = new Map<string, Letters>();
  /** The names that may know of each conversation. */
  readonly #names = new Map<string, Set<string>>();
  /** First to end first. */
  readonly #ended = new Set<string>();
  #endedNames = 0;

  /** The conversation in which the two last wrote to each other. */
  shared(from: string, target: string): string | undefined {
    return this.#letters.get(from)?.with.get(target);
  }

  /** The conversation in which the name was last addressed or last spoke. */
  current(name: string): string | undefined {
    return this.#letters.get(name)?.last;
  }

  /** A line is on its way: what the two write meanwhile belongs to the same conversation. */
  note(from: string, target: string, conversation: string): void {
    this.#write(from, target, conversation);
    this.#write(target, from, conversation);
  }

  /** The client has been told that the conversation ended; its next line opens another. */
  forget(name: string, conversation: string): void {
    const letters = this.#letters.get(name);
    if (!letters) return;
    if (letters.last === conversation) letters.last = undefined;
    // Whom it wrote to there is among the names of the conversation; those are often fewer than all its peers.
    const names = this.#names.get(conversation);
    const peers = names && names.size < letters.with.size ? names : letters.with.keys();
    for (const peer of peers) if (letters.with.get(peer) === conversation) letters.with.delete(peer);
    if (letters.last === undefined && letters.with.size === 0) this.#letters.delete(name);
  }

  /** There is no such conversation. */
  drop(conversation: string): void {
    const names = this.#names.get(conversation);
    if (!names) return;
    for (const name of names) this.forget(name, conversation);
    this.#names.delete(conversation);
    if (this.#ended.delete(conversation)) this.#endedNames -= names.size;
  }

  /** One that the ledger had when the router started. */
  found(state: Conversation): void {
    for (const [from, targets] of state.addressed) {
      for (const target of targets) {
        this.note(from, target, state.id);
        for (const name of [from, target]) this.#lettersOf(name, state.id).last = state.id;
      }
    }
    this.onCommit({ before: undefined, after: state, entries: [], position: 0 });
  }

  onCommit({ before, after, entries }: Commit): void {
    for (const entry of entries) {
      if (entry.type !== 'said' || entry.target === undefined) continue;
      this.note(entry.from, entry.target, after.id);
      for (const name of [entry.from, entry.target]) this.#lettersOf(name, after.id).last = after.id;
    }
    // Where turns go round nobody is addressed: who is given the floor answers whoever spoke last.
    const had = turnsOf(before?.floor ?? []);
    for (const { member, number } of after.floor) {
      const peer = after.lastSpeaker;
      if (peer === undefined || peer === member) continue;
      if (had(number)) continue;
      this.#write(member, peer, after.id);
      this.#lettersOf(peer, after.id);
      this.#lettersOf(member, after.id).last = after.id;
    }
    if (after.status.state === 'ended') this.#end(after.id);
  }

  #end(conversation: string): void {
    const names = this.#names.get(conversation);
    if (!names || this.#ended.has(conversation)) return;
    this.#ended.add(conversation);
    this.#endedNames += names.size;
    for (const oldest of this.#ended) {
      if (this.#endedNames <= maxEndedNames) return;
      this.drop(oldest);
    }
  }

  #write(name: string, peer: string, conversation: string): void {
    const letters = this.#lettersOf(name, conversation);
    if (letters.with.get(peer) !== conversation) letters.with.set(peer, conversation);
  }

  /** What is known of a name that is about to know of the conversation. */
  #lettersOf(name: string, conversation: string): Letters {
    const letters = this.#letters.get(name) ?? { last: undefined, with: new Map() };
    this.#letters.set(name, letters);
    const names = this.#names.get(conversation);
    if (names?.has(name)) return letters;
    if (names) names.add(name);
    else this.#names.set(conversation, new Set([name]));
    if (this.#ended.has(conversation)) this.#endedNames++;
    return letters;
  }
}
