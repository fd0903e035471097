import type { Entry } from '@parley/protocol';
import type { Commit } from '../conversations/conversations.ts';
import type { Conversation } from '../core/conversation.ts';

/** Names that are remembered of ended conversations. When there are more, the conversation that ended first is evicted. */
const maxEndedNames = 5_000;

/** The conversations of one name. */
interface Contacts {
  /** The conversation in which the name last spoke or was addressed. */
  last: string | undefined;
  /** By peer: the conversation in which the two last wrote to each other. */
  readonly byPeer: Map<string, string>;
}

/**
 * Finds the conversation of a plain client's message (PROTOCOL §3.4): the one that it shares with the target, otherwise the one
 * in which it owes a reply. Memory is bounded by the running conversations, and by a limit for ended ones.
 */
export class ReplyRouting {
  readonly #contacts = new Map<string, Contacts>();
  /** The names that may know of each conversation. */
  readonly #names = new Map<string, Set<string>>();
  /** In the order in which they ended. */
  readonly #ended = new Set<string>();
  #endedNames = 0;

  /** The conversation in which the two last wrote to each other. */
  shared(from: string, target: string): string | undefined {
    return this.#contacts.get(from)?.byPeer.get(target);
  }

  /** The conversation in which the name was last addressed or last spoke. */
  current(name: string): string | undefined {
    return this.#contacts.get(name)?.last;
  }

  /** A message was submitted: until it is written, further messages between the two belong to the same conversation. */
  note(from: string, target: string, conversation: string): void {
    this.#write(from, target, conversation);
    this.#write(target, from, conversation);
  }

  /** The client knows that the conversation has ended: its next message opens another one. */
  forget(name: string, conversation: string): void {
    const contacts = this.#contacts.get(name);
    if (!contacts) return;
    if (contacts.last === conversation) contacts.last = undefined;
    // Searches the names of the conversation, which are often fewer than all peers of the name.
    const names = this.#names.get(conversation);
    const peers = names && names.size < contacts.byPeer.size ? names : contacts.byPeer.keys();
    for (const peer of peers) if (contacts.byPeer.get(peer) === conversation) contacts.byPeer.delete(peer);
    if (contacts.last === undefined && contacts.byPeer.size === 0) this.#contacts.delete(name);
  }

  /** The conversation does not exist. */
  drop(conversation: string): void {
    const names = this.#names.get(conversation);
    if (!names) return;
    for (const name of names) this.forget(name, conversation);
    this.#names.delete(conversation);
    if (this.#ended.delete(conversation)) this.#endedNames -= names.size;
  }

  /** A conversation that the ledger had when the router started. */
  found(state: Conversation): void {
    for (const { from, targets } of state.addressed) {
      for (const target of targets) {
        this.note(from, target, state.id);
        for (const name of [from, target]) this.#contactsOf(name, state.id).last = state.id;
      }
    }
    this.#follow(undefined, state, []);
  }

  onCommit({ before, after, entries }: Commit): void {
    this.#follow(before, after, entries);
  }

  #follow(before: Conversation | undefined, after: Conversation, entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (entry.type !== 'said' || entry.target === undefined) continue;
      this.note(entry.from, entry.target, after.id);
      for (const name of [entry.from, entry.target]) this.#contactsOf(name, after.id).last = after.id;
    }
    // Where members speak in turn, a message needs no addressee: the member that has the floor answers the last speaker.
    const firstNew = before?.nextTurn ?? 1;
    for (const { member, number } of after.floor) {
      const peer = after.lastSpeaker;
      if (number < firstNew || peer === undefined || peer === member) continue;
      this.#write(member, peer, after.id).last = after.id;
      this.#contactsOf(peer, after.id);
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

  #write(name: string, peer: string, conversation: string): Contacts {
    const contacts = this.#contactsOf(name, conversation);
    if (contacts.byPeer.get(peer) !== conversation) contacts.byPeer.set(peer, conversation);
    return contacts;
  }

  /** The contacts of a name, which is recorded as a name of the conversation. */
  #contactsOf(name: string, conversation: string): Contacts {
    const known = this.#contacts.get(name);
    const contacts = known ?? { last: undefined, byPeer: new Map() };
    if (!known) this.#contacts.set(name, contacts);
    const names = this.#names.get(conversation);
    if (names?.has(name)) return contacts;
    if (names) names.add(name);
    else this.#names.set(conversation, new Set([name]));
    if (this.#ended.has(conversation)) this.#endedNames++;
    return contacts;
  }
}
