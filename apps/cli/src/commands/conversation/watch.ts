import type { ConversationView, Entry } from '@parley/protocol';
import { awaitRouter } from '../../api/await-router.ts';
import { lasting } from '../../api/follow.ts';
import { routerOf } from '../../api/named-router.ts';
import type { RouterApi, RouterEvent } from '../../api/router-api.ts';
import { type CommandMaker, commandNamed, type Host } from '../../command.ts';
import { contextOption, jsonOption, urlOption } from '../../options.ts';
import { InterleavedTranscript } from '../../terminal/interleaved-transcript.ts';
import { harmless, jsonText } from '../../terminal/terminal.ts';

/** The number of messages that are shown of a conversation that runs when the watch begins. */
const shownBefore = 20;

/** Where the entries of all conversations go; each entry of a conversation may come more than once. */
interface Shown {
  note(text: string): void;
  /** `of`: what is known of a conversation whose first entry has not been seen. */
  entry(conversation: string, entry: Entry, of?: ConversationView): void;
}

/** Each entry once, as one line of JSON. */
class EntryStream implements Shown {
  readonly #host: Host;
  readonly #seen = new Map<string, number>();

  constructor(host: Host) {
    this.#host = host;
  }

  note(text: string): void {
    this.#host.err.write(`${harmless(text)}\n`);
  }

  entry(conversation: string, entry: Entry): void {
    if (entry.seq <= (this.#seen.get(conversation) ?? 0)) return;
    if (entry.type === 'ended') this.#seen.delete(conversation);
    else this.#seen.set(conversation, entry.seq);
    this.#host.out.write(`${jsonText({ conversation, entry })}\n`);
  }
}

/** What runs already, from its newest messages on, then all that happens. The events begin first: nothing falls between. */
async function* everything(api: RouterApi, watch: Shown): AsyncGenerator<RouterEvent> {
  using events = await api.events({});
  for (const known of (await api.conversations()).toReversed()) {
    if (known.status === 'ended') continue;
    const since = Math.max(0, known.seq - shownBefore);
    for await (const { entries } of api.conversationPages(known.id, { since }))
      for (const entry of entries) watch.entry(known.id, entry, known);
  }
  yield* events;
}

export const watch: CommandMaker = (host) =>
  commandNamed(
    'watch',
    'show everything that is said on a router, until Ctrl-C',
    'Shows the conversations that are running, from their newest messages on, and every new one. It waits for a router that is not there yet. With --json each entry is one line of JSON with the id of its conversation.',
  )
    .option('--page <URL>', 'the address of its web page to name, where that is not the URL of the router')
    .addOption(jsonOption)
    .addOption(urlOption)
    .addOption(contextOption)
    .addHelpText(
      'after',
      `
NO_COLOR and FORCE_COLOR decide about colours where the output is no terminal.`,
    )
    .action(async ({ page, json, ...where }) => {
      const api = routerOf(where, host);
      const shown = json ? new EntryStream(host) : new InterleavedTranscript(host.out);
      await awaitRouter(api, { stop: host.stop, note: (text) => shown.note(text) });
      shown.note(`Watch it in a browser: ${page ?? api.url}`);
      for await (const event of lasting(() => everything(api, shown), host.stop)) {
        if (event.kind === 'entry') shown.entry(event.conversation, event.entry);
      }
    });
