import type { Ledger } from '../../ledger/ledger.ts';

/** When the copy of the ledger does not come to its end in this time, the answer is what is known here. */
const patienceMs = 5_000;

/**
 * Where several routers share a ledger, another one may have opened a conversation a moment ago. Before this router says that there is
 * no such conversation, it reads all that was in the ledger when it was asked. Questions that come while one is under way are answered
 * by one more, so unknown ids cost the engine one request at a time.
 */
export class OpenedElsewhere {
  readonly #ledger: Pick<Ledger, 'caughtUp' | 'read' | 'trouble'>;
  readonly #isRunning: (conversation: string) => boolean;
  #current: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  constructor(
    ledger: Pick<Ledger, 'caughtUp' | 'read' | 'trouble'>,
    isRunning: (conversation: string) => boolean,
  ) {
    this.#ledger = ledger;
    this.#isRunning = isRunning;
  }

  /** Undefined when nothing needs to be waited for: the conversation is known, or no other router could tell of it. Never rejects. */
  known(conversation: string): Promise<void> | undefined {
    const { caughtUp, trouble, read } = this.#ledger;
    if (!caughtUp || this.#isRunning(conversation) || trouble?.() !== undefined) return undefined;
    if (read(conversation, 0, 1).length > 0) return undefined;
    // What is being asked now may be older than the conversation.
    this.#next ??= this.#current.then(() => {
      this.#next = undefined;
      this.#current = inTime(caughtUp());
      return this.#current;
    });
    return this.#next;
  }
}

const inTime = (work: Promise<void>): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, patienceMs);
    const end = () => {
      clearTimeout(timer);
      resolve();
    };
    work.then(end, end);
  });
