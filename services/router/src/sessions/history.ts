import type { RouterFrame } from '@parley/protocol';
import type { Router } from '../router.ts';

/** Answers `history` (PROTOCOL §4.6): past entries at once, later ones as they are committed. */
export class History {
  readonly #router: Router;
  readonly #send: (frame: RouterFrame) => void;
  readonly #following = new Set<string>();
  #stop: (() => void) | undefined;

  constructor(router: Router, send: (frame: RouterFrame) => void) {
    this.#router = router;
    this.#send = send;
  }

  /** False when there is no such conversation. */
  ask(conversation: string, since: number, follow: boolean): boolean {
    const state = this.#router.conversations.find(conversation);
    if (!state) return false;
    for (const entry of this.#router.conversations.entriesSince(conversation, since)) {
      this.#send({ type: 'entry', conversation, entry });
    }
    if (!follow || state.status.state === 'ended') return true;
    this.#following.add(conversation);
    this.#stop ??= this.#router.watchers.add((happening) => {
      if (happening.type === 'agents' || !this.#following.has(happening.conversation)) return;
      if (happening.type === 'chunk') return this.#send(happening);
      const { entry } = happening;
      this.#send({ type: 'entry', conversation: happening.conversation, entry });
      if (entry.type === 'ended') this.#following.delete(happening.conversation);
    });
    return true;
  }

  stop(): void {
    this.#stop?.();
  }
}
