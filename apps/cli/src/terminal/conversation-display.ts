import { setInterval } from 'node:timers';
import type { AgentView, Entry, EntryOf } from '@parley/protocol';
import type { RouterApi, RouterEvent } from '../api/router-api.ts';
import { endingText, totals } from './ending-text.ts';
import { LiveTranscript } from './live-transcript.ts';
import { PlainTranscript } from './plain-transcript.ts';
import { Progress } from './progress.ts';
import { paint, type Screen } from './terminal.ts';
import type { Transcript } from './transcript.ts';

const refreshMs = 1_000;

/** Shows one conversation live, with a line for its progress, and collects its entries. */
export class ConversationDisplay implements Disposable {
  readonly entries: Entry[] = [];
  readonly transcript: Transcript;
  readonly #screen: Screen;
  readonly #live: LiveTranscript | undefined;
  readonly #progress = new Progress();
  #timer: NodeJS.Timeout | undefined;
  #agents: readonly AgentView[] | undefined;

  constructor(screen: Screen) {
    this.#screen = screen;
    this.#live = screen.live ? new LiveTranscript(screen) : undefined;
    this.transcript = this.#live ?? new PlainTranscript(screen);
  }

  /** Shows events until the conversation has ended. Resolves with its ending. */
  async show(api: RouterApi, events: AsyncIterable<RouterEvent>): Promise<EntryOf<'ended'> | undefined> {
    if (this.#live) this.#timer = setInterval(() => this.#look(api), refreshMs);
    for await (const event of events) {
      if (event.kind === 'chunk') {
        if (this.#progress.chunk(event.from)) this.#refresh();
        this.transcript.chunk(event);
      } else if (event.kind === 'entry') {
        this.entries.push(event.entry);
        this.#progress.entry(event.entry);
        if (event.entry.type === 'ended') this[Symbol.dispose]();
        else this.#refresh();
        this.transcript.entry(event.entry);
        if (event.entry.type === 'ended') return event.entry;
      }
    }
    return undefined;
  }

  footer(): void {
    const out = this.#screen;
    const last = this.entries.at(-1);
    const ending = last?.type === 'ended' ? `Ended: ${endingText(last)}` : 'Stopped before its end';
    out.write(`${paint(out, ending, 'bold')}\n${paint(out, totals(this.entries), 'dim')}\n`);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(api: RouterApi): void {
    this.#refresh();
    api.agents().then(
      (agents) => {
        this.#agents = agents;
      },
      () => {
        this.#agents = undefined;
      },
    );
  }

  #refresh(): void {
    if (this.#timer) this.#live?.status(this.#progress.text(Date.now(), this.#agents));
  }
}
