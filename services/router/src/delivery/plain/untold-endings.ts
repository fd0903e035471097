import type { PlainClient } from '../../presence/replica.ts';

/** The ending of a conversation that one client has not been sent yet. */
interface UntoldEnding {
  readonly conversation: string;
  /** Missing for a client that is sent no such frames. */
  readonly frame: string | undefined;
  /** Under a policy with an order: the client has received the conversation up to this seq. */
  readonly since: number | undefined;
}

/** For each client. When there are more, the oldest is dropped: the client learns of it when it writes to the conversation. */
const most = 1_000;

/**
 * Endings that were not sent because the client left pings unanswered. Like its messages, they are sent when it reads again.
 * They are dropped with its connection.
 */
export class UntoldEndings {
  readonly #byClient = new WeakMap<PlainClient, UntoldEnding[]>();

  add(client: PlainClient, ending: UntoldEnding): void {
    const endings = this.#byClient.get(client);
    if (!endings) this.#byClient.set(client, [ending]);
    else if (endings.push(ending) > most) endings.shift();
  }

  /** Removes and returns them, oldest first. */
  take(client: PlainClient): readonly UntoldEnding[] {
    const endings = this.#byClient.get(client);
    if (!endings) return [];
    this.#byClient.delete(client);
    return endings;
  }
}
