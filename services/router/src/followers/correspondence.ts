import type { Commit } from '../conversations.ts';

interface Desk {
  /** The conversation in which the name was last addressed or last spoke. */
  current: string | undefined;
  /** Per other name, the conversation in which the two last wrote to each other. */
  readonly byPeer: Map<string, string>;
}

/**
 * Which conversation a plain client means when it writes to somebody (PROTOCOL §3.4): the one it shares with the
 * target, else the one in which it owes a reply.
 */
export class Correspondence {
  readonly #desks = new Map<string, Desk>();

  /** The conversation in which the two last wrote to each other. */
  shared(from: string, target: string): string | undefined {
    return this.#desks.get(from)?.byPeer.get(target);
  }

  current(name: string): string | undefined {
    return this.#desks.get(name)?.current;
  }

  note(from: string, target: string, conversation: string): void {
    this.#note(from, target, conversation);
    this.#note(target, from, conversation);
  }

  /** The client has been told that the conversation ended; its next line opens another. */
  forget(name: string, conversation: string): void {
    const desk = this.#desks.get(name);
    if (!desk) return;
    if (desk.current === conversation) desk.current = undefined;
    for (const [peer, id] of desk.byPeer) if (id === conversation) desk.byPeer.delete(peer);
    if (desk.current === undefined && desk.byPeer.size === 0) this.#desks.delete(name);
  }

  onCommit({ before, after, entries }: Commit): void {
    for (const entry of entries) {
      if (entry.type === 'said' && entry.target !== undefined) this.note(entry.from, entry.target, after.id);
    }
    // Where turns go round nobody is addressed: who is given the floor answers whoever spoke last.
    for (const { member, number } of after.floor) {
      const peer = after.lastSpeaker;
      if (peer === undefined || peer === member) continue;
      if (!before?.floor.some((turn) => turn.number === number)) this.#note(member, peer, after.id);
    }
  }

  #note(name: string, peer: string, conversation: string): void {
    let desk = this.#desks.get(name);
    if (!desk) {
      desk = { current: conversation, byPeer: new Map() };
      this.#desks.set(name, desk);
    }
    desk.current = conversation;
    if (desk.byPeer.get(peer) !== conversation) desk.byPeer.set(peer, conversation);
  }
}
