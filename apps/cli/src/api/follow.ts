import { setTimeout as delay } from 'node:timers/promises';
import { ConfigError } from '@parley/runtime';
import type { RouterApi, RouterEvent } from './router-api.ts';

const retryMs = 1_000;

/** Events of a router, with reconnects when the connection is lost. The first connection must succeed. */
export async function* lasting(open: () => AsyncIterable<RouterEvent>, stop: AbortSignal) {
  for (let connected = false; ; ) {
    try {
      for await (const event of open()) {
        connected = true;
        yield event;
      }
    } catch (error) {
      if (stop.aborted || (!connected && error instanceof ConfigError)) throw error;
    }
    await delay(retryMs, undefined, { signal: stop });
  }
}

/** The existing entries, then live events. The stream of events is opened first, so that no entry is lost between them. */
async function* wholeConversation(api: RouterApi, id: string): AsyncGenerator<RouterEvent> {
  using events = await api.events({ conversation: id });
  for await (const { entries } of api.conversationPages(id))
    for (const entry of entries) yield { kind: 'entry', position: 0, conversation: id, entry };
  yield* events;
}

/** One conversation to its end, each entry once, also when the connection is lost meanwhile. */
export async function* toItsEnd(api: RouterApi, id: string, stop: AbortSignal): AsyncGenerator<RouterEvent> {
  let seen = 0;
  for await (const event of lasting(() => wholeConversation(api, id), stop)) {
    if (event.kind === 'entry') {
      if (event.entry.seq <= seen) continue;
      seen = event.entry.seq;
    }
    yield event;
    if (event.kind === 'entry' && event.entry.type === 'ended') return;
  }
}
