import type { ClientFrame, Entry, RouterFrameOf } from '@parley/protocol';
import type { Transcript } from '../memory/transcript.ts';
import type { Transcripts } from '../memory/transcript-cache.ts';

const patienceMs = 2_000;
/** What is read of a longer conversation: the beginning, and this number of the newest entries. */
const beginning = 2;
const newestEntries = 1_000;

/**
 * Provides the transcript for a granted turn. The router sends each entry to a connection once. Entries that this agent has dropped
 * since then are read again with `history`.
 */
export class Recall {
  readonly #conversations: Transcripts;
  readonly #send: (frame: ClientFrame) => boolean;
  readonly #waiting = new Map<string, (entry: Entry) => void>();

  constructor(conversations: Transcripts, send: (frame: ClientFrame) => boolean) {
    this.#conversations = conversations;
    this.#send = send;
  }

  heard(conversation: string, entry: Entry): void {
    const waiting = this.#waiting.get(conversation);
    if (!waiting) return;
    this.#conversations.peek(conversation)?.merge([entry]);
    waiting(entry);
  }

  async transcript(grant: RouterFrameOf<'turn'>, signal: AbortSignal): Promise<Transcript> {
    const transcript = this.#conversations.use(grant.conversation);
    if (transcript.opened || signal.aborted) return transcript;
    const newest = grant.entries.at(-1)?.seq ?? 0;
    const isLast = (entry: Entry) =>
      newest > 0 ? entry.seq >= newest : 'turn' in entry && entry.turn === grant.turn - 1;
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        this.#waiting.delete(grant.conversation);
        resolve();
      };
      const timer = setTimeout(done, patienceMs);
      signal.addEventListener('abort', done, { once: true });
      this.#waiting.set(grant.conversation, (entry) => isLast(entry) && done());
      this.#ask(grant.conversation, newest);
    });
    if (newest > beginning + newestEntries) transcript.leftOut(newest - newestEntries);
    return transcript;
  }

  #ask(conversation: string, newest: number): void {
    const since = newest - newestEntries;
    if (since <= beginning) return void this.#send({ type: 'history', conversation });
    this.#send({ type: 'history', conversation, limit: beginning });
    this.#send({ type: 'history', conversation, since });
  }
}
