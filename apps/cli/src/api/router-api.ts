import {
  type ActionResult,
  type AgentView,
  type ControlAction,
  type ControlBody,
  type ConversationPage,
  type ConversationView,
  type Entry,
  type FoundMessage,
  type NewShare,
  type PromptView,
  type ResponseBody,
  type RevokedShare,
  requestPath,
  type ShareList,
} from '@parley/protocol';
import { ConfigError, type ServerList } from '@parley/runtime';
import { eventsOf, type RouterEvent } from './event-stream.ts';
import { fetchRedirected, isMethodKept, redirectOf } from './redirects.ts';
import { type RouterAddress, routersIn } from './router-addresses.ts';
import { failureOf, neverSent, unreached } from './unreached.ts';

export type { RouterEvent };

type PagedRoute = 'agents' | 'conversations' | 'conversation';

export type EventStream = AsyncIterable<RouterEvent> & Disposable;

/** The number of conversations that are searched for the beginning of an id. */
const searched = 10_000;

class NoConversation extends ConfigError {}

/**
 * The HTTP interface of a router, or of several on one ledger: then it uses one of them, and the next one when that cannot be
 * reached. Errors that the user can fix (no router, unknown conversation) are ConfigErrors.
 */
export class RouterApi {
  readonly #routers: ServerList<RouterAddress>;
  readonly #token: string | undefined;
  readonly #stop: AbortSignal;

  /** `token`: needed if the router has tokens. Its role decides what is allowed. */
  constructor(url: string, stop: AbortSignal, token?: string, dice: () => number = Math.random) {
    this.#routers = routersIn(url, dice);
    this.#stop = stop;
    this.#token = token;
  }

  /** The address of the router in use. */
  get url(): string {
    return this.#routers.current.url;
  }

  /** The addresses of all routers. */
  get urls(): readonly string[] {
    return this.#routers.all.map(({ url }) => url);
  }

  /** The header that says who asks; undefined where the router needs none. */
  get authorization(): string | undefined {
    if (this.#token !== undefined) return `Bearer ${this.#token}`;
    const { basic } = this.#routers.current;
    return basic === undefined ? undefined : `Basic ${basic}`;
  }

  /** `away`: also those that were connected. */
  async agents(query: { readonly away?: '1' } = {}): Promise<readonly AgentView[]> {
    const all: AgentView[] = [];
    for await (const { agents } of this.#pages<'agents'>(requestPath('agents', { query })))
      all.push(...agents);
    return all;
  }

  /** Opens a conversation. A second call with the same `key` opens no other one. */
  open(body: ControlBody<'open'>, key: string): Promise<ActionResult> {
    return this.#post(requestPath('open'), body, key);
  }

  act<A extends Exclude<ControlAction, 'open'>>(
    action: A,
    id: string,
    body: ControlBody<A>,
    key: string,
  ): Promise<ActionResult> {
    const missing = `no conversation ${id} at ${this.url}: \`parley ls\` lists those there are`;
    return this.#post(requestPath(action, { id }), body, key, missing);
  }

  async #post(path: string, body: unknown, key: string, missing?: string): Promise<ActionResult> {
    const post = {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify(body),
    };
    const response = await this.#ask(path, { post, ...(missing !== undefined && { missing }) });
    return (await response.json()) as ActionResult;
  }

  /** The newest conversations, at most `most`. `found` gets where searched words were said. */
  async conversations(
    most = 100,
    filters: Readonly<Record<string, string | undefined>> = {},
    found?: Map<string, FoundMessage>,
  ): Promise<readonly ConversationView[]> {
    const all: ConversationView[] = [];
    const path = requestPath('conversations', { query: { limit: Math.min(most, 1_000), ...filters } });
    for await (const page of this.#pages<'conversations'>(path)) {
      all.push(...page.conversations);
      for (const [id, place] of Object.entries(page.found ?? {})) found?.set(id, place);
      if (all.length >= most) break;
    }
    return all.slice(0, most);
  }

  /**
   * The id for `given`, which is a whole id or the beginning of exactly one. A beginning is searched among the newest 10,000
   * conversations.
   */
  async conversationId(given: string): Promise<string> {
    try {
      return (await this.summary(given)).id;
    } catch (error) {
      if (!(error instanceof NoConversation)) throw error;
      const begins = ({ id }: ConversationView) => id.startsWith(given);
      const [first, ...more] = (await this.conversations(searched)).filter(begins);
      if (first === undefined) throw error;
      if (more.length === 0) return first.id;
      const some = [first, ...more].slice(0, 5).map(({ id }) => id);
      throw new ConfigError([`${more.length + 1} conversations begin with ${given}: ${some.join(', ')}`]);
    }
  }

  /** The view of a conversation without its entries. */
  async summary(id: string): Promise<ConversationView> {
    for await (const { conversation } of this.conversationPages(id, { limit: 1 })) return conversation;
    throw new Error('a conversation without a page');
  }

  /** The conversation at the time of the last page, and all its entries. `as`: the view of this member. */
  async conversation(id: string, as?: string): Promise<Omit<ConversationPage, 'next'>> {
    let conversation: ConversationView | undefined;
    const entries: Entry[] = [];
    for await (const page of this.conversationPages(id, { as })) {
      conversation = page.conversation;
      for (const entry of page.entries) entries.push(entry);
    }
    return { conversation: conversation as ConversationView, entries };
  }

  /** The entries of a conversation in pages, oldest first. `since`: only entries after this one. */
  conversationPages(
    id: string,
    { limit, as, since }: { limit?: number; as?: string | undefined; since?: number } = {},
  ): AsyncGenerator<ConversationPage> {
    const missing = `no conversation ${id} at ${this.url}: \`parley ls\` lists those there are`;
    return this.#pages<'conversation'>(
      requestPath('conversation', { id, query: { limit, as, since } }),
      missing,
    );
  }

  /** Makes a share link. Only this response has its token. */
  async share(id: string, body: { readonly minutes?: number }): Promise<NewShare> {
    return (await this.#send(requestPath('share', { id }), body)) as NewShare;
  }

  async unshare(id: string, share: string): Promise<RevokedShare> {
    return (await this.#send(requestPath('unshare', { id }), { share })) as RevokedShare;
  }

  async shares(id: string): Promise<ShareList> {
    return (await (await this.#ask(requestPath('shares', { id }))).json()) as ShareList;
  }

  async #send(path: string, body: object): Promise<unknown> {
    const headers = { 'content-type': 'application/json' };
    const response = await this.#ask(path, { post: { method: 'POST', headers, body: JSON.stringify(body) } });
    return response.json();
  }

  /** The calls of a model that led to an entry, from the agent that made them. */
  async prompt(id: string, seq: number): Promise<PromptView> {
    const response = await this.#ask(requestPath('prompt', { id, query: { seq } }));
    return (await response.json()) as PromptView;
  }

  /** A page of a response and the pages that follow it. */
  async *#pages<N extends PagedRoute>(path: string, missing?: string): AsyncGenerator<ResponseBody<N>> {
    for (let next: string | undefined = path; next !== undefined; ) {
      const response = await this.#ask(next, missing === undefined ? {} : { missing });
      const page = (await response.json()) as ResponseBody<PagedRoute>;
      yield page as Awaited<ResponseBody<N>>;
      next = page.next;
    }
  }

  /**
   * Resolves when the router has begun to send: entries after position `since` of the ledger, without it only new ones; of one
   * conversation or of all. The connection stays open until the stream is disposed of.
   */
  async events(of: { since?: number | undefined; conversation?: string }): Promise<EventStream> {
    const done = new AbortController();
    const response = await this.#ask(requestPath('events', { query: of }), { signal: done.signal });
    const { body } = response;
    if (!body) throw new Error('the answer to /v1/events has no body');
    return { [Symbol.asyncIterator]: () => eventsOf(body), [Symbol.dispose]: () => done.abort() };
  }

  async #ask(
    path: string,
    { signal, missing, post }: { signal?: AbortSignal; missing?: string; post?: RequestInit } = {},
  ): Promise<Response> {
    const response = await this.#reach(path, post, signal);
    if (response.ok) return response;
    const answer = (await response.text()).trim().slice(0, 1_000);
    const refused = refusalIn(answer);
    if (
      response.status === 404 &&
      missing &&
      (!refused || /^(not-found|unknown-conversation)$/.test(refused.code))
    )
      throw new NoConversation([missing]);
    const there = redirectOf(response);
    if (there)
      throw new ConfigError([
        post && !isMethodKept(response)
          ? `${this.url} answers a POST with ${response.status} and ${there.href}: a POST is repeated only after 307 and 308; name the address of the router itself (--url)`
          : `${this.url} sends this request to ${there.origin}, where the token is not sent unasked: name that address (--url)`,
      ]);
    if (response.status === 401 || response.status === 403) {
      const hint = 'PARLEY_TOKEN, or PARLEY_TOKEN_FILE, holds the token of the command line';
      throw new ConfigError([`${this.url} refuses: ${refused?.message ?? answer} (${hint})`]);
    }
    throw new ConfigError([
      refused
        ? `${this.url} refuses: ${refused.code}, ${refused.message}${refused.code === 'no-price' ? noPriceHint : ''}`
        : `${this.url}${path} answered ${response.status}: ${answer.slice(0, 300)}`,
    ]);
  }

  /** The response of the first router that can be reached and can answer. */
  async #reach(path: string, post?: RequestInit, signal?: AbortSignal): Promise<Response> {
    const stop = signal ? AbortSignal.any([this.#stop, signal]) : this.#stop;
    const problems: string[] = [];
    for (;;) {
      const { url, authorization } = this;
      try {
        const headers = { ...post?.headers, ...(authorization !== undefined && { authorization }) };
        const response = await fetchRedirected(url + path, { ...post, headers, signal: stop });
        const hasOther = problems.length + 1 < this.#routers.all.length;
        if (!hasOther || !unable.has(response.status) || !isHarmless(post)) return response;
        problems.push(`${url}${path} answered ${response.status}`);
        await response.body?.cancel();
      } catch (error) {
        stop.throwIfAborted();
        problems.push(unreached(url, error));
        const isUnsent = neverSent.has(failureOf(error).code ?? '');
        if (problems.length >= this.#routers.all.length || !(isUnsent || isHarmless(post)))
          throw new ConfigError(problems);
      }
      this.#routers.next();
    }
  }
}

/** Statuses of a router, or of the proxy before it, after which another router may be able to answer. */
const unable = new Set([502, 503, 504]);

/** Whether a repetition of the request does no harm: it only reads, or has an idempotency key. */
const isHarmless = (post: RequestInit | undefined): boolean =>
  post === undefined || new Headers(post.headers).has('idempotency-key');

const noPriceHint =
  ' (a file for ROUTER_PRICES may give the price; --set limits.cost=0 and --set limits.costPerAgent=0 remove the cap)';

const refusalIn = (answer: string): { readonly code: string; readonly message: string } | undefined => {
  try {
    return (JSON.parse(answer) as { error?: { code: string; message: string } }).error;
  } catch {
    return undefined;
  }
};
