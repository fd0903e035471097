import type { Entry, RouterFrame } from '@parley/protocol';
import type { Conversation } from '../core/conversation.ts';
import { heardBy } from '../core/hearing.ts';
import type { Router } from '../router.ts';

/** Answers `history` (PROTOCOL §4.6): past entries at once, later ones as they are committed. */
export class History {
  readonly #router: Router;
  readonly #reader: () => string | undefined;
  readonly #send: (frame: RouterFrame) => void;
  readonly #following = new Set<string>();
  #stop: (() => void) | undefined;

  /** `reader`: the member that asks, who sees what it may see; undefined for one that watches over all. */
  constructor(router: Router, reader: () => string | undefined, send: (frame: RouterFrame) => void) {
    this.#router = router;
    this.#reader = reader;
    this.#send = send;
  }

  /** False when there is no such conversation. */
  ask(conversation: string, since: number, follow: boolean): boolean {
    const state = this.#router.conversations.find(conversation);
    if (!state) return false;
    for (const entry of this.#router.conversations.entriesSince(conversation, since))
      this.#show(state, entry);
    if (!follow || state.status.state === 'ended') return true;
    this.#following.add(conversation);
    this.#stop ??= this.#router.watchers.add((happening) => {
      if (happening.type === 'agents' || !this.#following.has(happening.conversation)) return;
      const now = this.#router.conversations.find(happening.conversation);
      if (!now) return;
      if (happening.type === 'chunk') {
        // Whether a line is an aside is known at its end only.
        if (this.#reader() === undefined || now.hears.size === 0) this.#send(happening);
        return;
      }
      const { entry } = happening;
      this.#show(now, entry);
      if (entry.type === 'ended') this.#following.delete(happening.conversation);
    });
    return true;
  }

  #show(state: Conversation, entry: Entry): void {
    const reader = this.#reader();
    const heard = reader === undefined ? entry : heardBy(state, reader, entry);
    if (heard) this.#send({ type: 'entry', conversation: state.id, entry: heard });
  }

  stop(): void {
    this.#stop?.();
  }
}
