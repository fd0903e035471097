import { ConfigError } from '@parley/kit';
import type { Ending, Entry } from '@parley/protocol';
import { readEventStream } from './event-stream.ts';

export interface ConversationSummary {
  readonly id: string;
  readonly status: 'running' | 'paused' | 'ended';
  readonly by: string;
  readonly members: readonly string[];
  readonly turns: number;
  readonly topic?: string;
  readonly ending?: { readonly reason: Ending; readonly detail?: string };
  /** Milliseconds since 1970. */
  readonly startedAt: number;
}

/** What happens on the router. `position` is where in the ledger an entry stands. */
export type RouterEvent =
  | {
      readonly kind: 'entry';
      readonly position: number;
      readonly conversation: string;
      readonly entry: Entry;
    }
  | {
      readonly kind: 'chunk';
      readonly conversation: string;
      readonly turn: number;
      readonly from: string;
      readonly text: string;
    };

export type EventStream = AsyncIterable<RouterEvent> & Disposable;

/** `ws://` and `http://` name the same port of a router. */
const httpUrl = (url: string): string => {
  const parsed = URL.parse(url.includes('://') ? url : `http://${url}`);
  const protocol = parsed && { 'ws:': 'http:', 'wss:': 'https:' }[parsed.protocol];
  if (parsed && protocol) return `${protocol}//${parsed.host}`;
  if (parsed?.protocol === 'http:' || parsed?.protocol === 'https:') return parsed.origin;
  throw new ConfigError([`${JSON.stringify(url)} is not the URL of a router`]);
};

/** The HTTP side of a router. What the user can mend (no router there, no such conversation) is a ConfigError. */
export class RouterApi {
  readonly url: string;
  readonly #stop: AbortSignal;

  constructor(url: string, stop: AbortSignal) {
    this.url = httpUrl(url);
    this.#stop = stop;
  }

  async conversations(): Promise<readonly ConversationSummary[]> {
    const response = await this.#get('/v1/conversations');
    return ((await response.json()) as { conversations: ConversationSummary[] }).conversations;
  }

  async conversation(
    id: string,
  ): Promise<{ readonly conversation: ConversationSummary; readonly entries: readonly Entry[] }> {
    const response = await this.#get(`/v1/conversations/${encodeURIComponent(id)}`, {
      missing: `no conversation ${id} at ${this.url}: \`parley ls\` lists those there are`,
    });
    return (await response.json()) as { conversation: ConversationSummary; entries: Entry[] };
  }

  /**
   * Resolves when the router has begun to send: entries after position `since` of the ledger, else only those
   * to come; of one conversation, or of all. The connection is held until the stream is disposed of.
   */
  async events(of: { since?: number | undefined; conversation?: string }): Promise<EventStream> {
    const query = new URLSearchParams();
    if (of.since !== undefined) query.set('since', String(of.since));
    if (of.conversation !== undefined) query.set('conversation', of.conversation);
    const done = new AbortController();
    const response = await this.#get(`/v1/events?${query}`, { signal: done.signal });
    const { body } = response;
    if (!body) throw new Error('the answer to /v1/events has no body');
    return { [Symbol.asyncIterator]: () => eventsOf(body), [Symbol.dispose]: () => done.abort() };
  }

  async #get(
    path: string,
    { signal, missing }: { signal?: AbortSignal; missing?: string } = {},
  ): Promise<Response> {
    let response: Response;
    try {
      const stop = signal ? AbortSignal.any([this.#stop, signal]) : this.#stop;
      response = await fetch(this.url + path, { signal: stop });
    } catch (error) {
      this.#stop.throwIfAborted();
      const cause = (error as { cause?: { code?: string } }).cause?.code ?? (error as Error).message;
      throw new ConfigError([
        `no router at ${this.url} (${cause}): start one with \`npm run -s router\`, or give its address with --url`,
      ]);
    }
    if (response.ok) return response;
    if (response.status === 404 && missing) throw new ConfigError([missing]);
    const answer = (await response.text()).trim().slice(0, 300);
    throw new ConfigError([`${this.url}${path} answered ${response.status}: ${answer}`]);
  }
}

async function* eventsOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<RouterEvent, void> {
  for await (const { id, event, data } of readEventStream(body)) {
    if (event === 'entry') yield { kind: 'entry', position: Number(id), ...JSON.parse(data) };
    else if (event === 'chunk') yield { kind: 'chunk', ...JSON.parse(data) };
  }
}
