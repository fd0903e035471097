import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { ConversationView, Entry } from '@parley/protocol';
import { ConfigError } from '@parley/runtime';
import { lasting } from '../api/follow.ts';
import { routerOf } from '../api/named-router.ts';
import type { RouterApi, RouterEvent } from '../api/router-api.ts';
import { UsageError } from '../arguments.ts';
import type { Command, Host } from '../command.ts';
import { endingText, totals } from '../terminal/ending-text.ts';
import { PlainTranscript } from '../terminal/plain-transcript.ts';
import { harmless, paint } from '../terminal/terminal.ts';

/** The number of messages that are shown of a conversation that runs when the watch begins. */
const shownBefore = 20;
const retryMs = 500;

interface Watched {
  readonly transcript: PlainTranscript;
  readonly entries: Entry[];
  seen: number;
}

/** Shows several conversations in one stream of lines, with a heading at each change of the conversation. */
class Watch {
  readonly #host: Host;
  readonly #watched = new Map<string, Watched>();
  #last: string | undefined;

  constructor(host: Host) {
    this.#host = host;
  }

  note(text: string): void {
    this.#host.out.write(`${paint(this.#host.out, harmless(text), 'dim')}\n`);
  }

  /** `of`: fetches a conversation whose first entry was not seen. */
  entry(conversation: string, entry: Entry, of?: ConversationView): void {
    const { out } = this.#host;
    const watched = this.#watched.get(conversation) ?? {
      transcript: new PlainTranscript(out),
      entries: [],
      seen: 0,
    };
    this.#watched.set(conversation, watched);
    if (entry.seq <= watched.seen) return;
    watched.seen = entry.seq;
    watched.entries.push(entry);
    if (this.#last !== conversation) {
      const opened = entry.type === 'opened' ? entry : of;
      const about = opened ? `${opened.members.join(', ')}${opened.topic ? ` on: ${opened.topic}` : ''}` : '';
      out.write(
        `\n${paint(out, harmless(about || conversation), 'bold')} ${paint(out, about ? conversation : '', 'dim')}\n`,
      );
      this.#last = conversation;
    }
    watched.transcript.entry(entry);
    if (entry.type !== 'ended') return;
    out.write(`${paint(out, `Ended: ${harmless(endingText(entry))}`, 'bold')}\n${totals(watched.entries)}\n`);
    this.#watched.delete(conversation);
  }
}

/**
 * The running conversations from their newest messages on, then live events. The stream of events is opened first, so that no
 * entry is lost.
 */
async function* everything(api: RouterApi, watch: Watch): AsyncGenerator<RouterEvent> {
  using events = await api.events({});
  for (const known of (await api.conversations()).toReversed()) {
    if (known.status === 'ended') continue;
    const since = Math.max(0, known.seq - shownBefore);
    for await (const { entries } of api.conversationPages(known.id, { since }))
      for (const entry of entries) watch.entry(known.id, entry, known);
  }
  yield* events;
}

/** Resolves when a router answers. The router may start after this command. */
const awaitRouter = async (api: RouterApi, watch: Watch, { stop }: Host): Promise<void> => {
  for (let told = false; ; told = true) {
    try {
      await api.agents();
      return;
    } catch (error) {
      if (
        stop.aborted ||
        !(error instanceof ConfigError) ||
        !/no connection to a router at/.test(error.message)
      )
        throw error;
      if (!told) watch.note(`waiting for the router at ${api.url}`);
      await delay(retryMs, undefined, { signal: stop });
    }
  }
};

export const watch: Command = {
  summary: 'show everything that is said on a router, until Ctrl-C',
  usage: `Usage: parley watch [--url URL] [--page URL]

  --url URL    the router (default: ROUTER_URL, else http://127.0.0.1:8765); it is waited for
  --page URL   the address of its web page to name, where that is not the URL of the router

Shows the conversations that are running, from their newest messages on, and every new one. NO_COLOR and FORCE_COLOR
decide about colours where the output is no terminal.
`,
  async run(args, host) {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { url: { type: 'string' }, page: { type: 'string' } },
      allowPositionals: true,
    });
    if (positionals.length > 0) throw new UsageError(`watch takes no ${positionals[0]}`);
    const api = routerOf(values.url, host);
    const shown = new Watch(host);
    await awaitRouter(api, shown, host);
    shown.note(`Watch it in a browser: ${values.page ?? api.url}`);
    for await (const event of lasting(() => everything(api, shown), host.stop)) {
      if (event.kind === 'entry') shown.entry(event.conversation, event.entry);
    }
    return 0;
  },
};
