import type { TurnContext } from '../memory/turn-context.ts';
import { directedSoFar } from '../text/directions.ts';
import { type ReplyRules, visibleSoFar } from '../text/sanitise.ts';

/** At most one chunk frame in this time, so that streaming costs little however small the model's pieces are. */
const chunkIntervalMs = 50;
/** Cleaning the whole of a reply anew takes at most this share of the time, however long it has become. */
const mostBusy = 0.05;

/** Gathers a reply as it is written and passes on, now and then, what may be shown of it. */
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

  /** Before the model is asked: what may be shown depends on who speaks and on what it was asked. */
  begin(rules: ReplyRules): void {
    this.#rules = rules;
  }

  push(text: string): void {
    if (this.#ended) return;
    this.#raw += text;
    this.#timer ??= setTimeout(() => this.#flush(), this.#waitMs);
  }

  /** What has not been shown by now comes with the line itself. */
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
