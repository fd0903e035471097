import type { TurnContext } from '../../memory/turn-context.ts';
import { directedSoFar } from '../../text/directions.ts';
import { type ReplyRules, visibleSoFar } from '../../text/sanitise.ts';

/** The minimum time between two chunk frames, so that streaming is cheap also when the model sends small pieces. */
const chunkIntervalMs = 50;
/** The maximum share of time for cleaning the reply, which is done anew for the whole text each time. */
const mostBusy = 0.05;

/** Collects an unfinished reply and sends, at intervals, the part of it that may be shown. */
export class ChunkStream {
  #rules: ReplyRules | undefined;
  readonly #context: TurnContext;
  readonly #send: (text: string) => void;
  #raw = '';
  #shown = 0;
  #waitMs = chunkIntervalMs;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(context: TurnContext, send: (text: string) => void) {
    this.#context = context;
    this.#send = send;
  }

  /** To be called before the model is asked: the rules depend on the speaker and on the prompt. */
  begin(rules: ReplyRules): void {
    this.#rules = rules;
  }

  push(text: string): void {
    if (this.#ended) return;
    this.#raw += text;
    this.#timer ??= setTimeout(() => this.#flush(), this.#waitMs);
  }

  /** Ends the stream. The rest of the text comes with the message itself. */
  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
  }

  #flush(): void {
    this.#timer = undefined;
    if (!this.#rules) return;
    const begun = performance.now();
    const visible = directedSoFar(visibleSoFar(this.#raw, this.#rules), this.#context);
    this.#waitMs = Math.max(chunkIntervalMs, (performance.now() - begun) / mostBusy);
    if (visible.length <= this.#shown) return;
    this.#send(visible.slice(this.#shown));
    this.#shown = visible.length;
  }
}
