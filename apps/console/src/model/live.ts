import type { AgentView, ControlAction, Entry, Overview } from '@parley/protocol';
import { Changes, spaced } from './changes.ts';
import { lostWords } from './lost.ts';
import { OpenConversation } from './open-conversation.ts';
import type { Route } from './route.ts';
import {
  type Denied,
  dropToken,
  follow,
  get,
  heldShare,
  heldToken,
  holdShare,
  holdToken,
  post,
  relative,
} from './router-client.ts';
import { RunList } from './runs/run-list.ts';
import type { Chunk } from './transcript.ts';

export type Link = 'live' | 'connecting' | 'signed-out';

interface Me {
  readonly role: 'agent' | 'observer' | 'operator';
  readonly names: readonly string[];
}

/** The state of the page: its data of the router, and the present view. */
export class Live {
  readonly changes = new Changes();
  readonly runs = new RunList(this.changes);
  link: Link = 'connecting';
  /** Why there is no connection, as far as a page can know it. */
  lost: string | undefined;
  /** Why the router denies access. */
  denied: Denied | undefined;
  me: Me | undefined;
  agents: readonly AgentView[] = [];
  agentsKnown = false;
  route: Route = { view: 'overview' };
  overview: Overview | undefined;
  open: OpenConversation | undefined;
  #stop = new AbortController();
  #followed: string | undefined | null = null;
  readonly refreshAgents = spaced(async () => {
    // A share link does not show who is connected.
    if (!this.share) await this.#loadAgents();
  });
  /** What the overview shows changes without an entry, too: a view of it asks for it again and again. */
  readonly refreshOverview = spaced(() => this.#loadOverview());

  get isOperator(): boolean {
    return this.me?.role === 'operator';
  }

  /** The token of the share link that this page shows. */
  get share(): string | undefined {
    return heldShare() ?? undefined;
  }

  get hasToken(): boolean {
    return heldToken() !== null;
  }

  go(route: Route): void {
    this.route = route;
    if (route.view === 'conversation' && route.share !== undefined) {
      // From now on another reader looks at this tab.
      holdShare(route.share);
      this.me = undefined;
      this.open = undefined;
      this.#followed = null;
    }
    if (route.view === 'conversation') {
      if (this.open?.id !== route.id) this.open = new OpenConversation(route.id, this.changes, route.seq);
      else if (route.seq !== undefined) {
        this.open.target = route.seq;
        this.open.following = false;
      }
    } else this.open = undefined;
    if (route.view === 'runs') this.runs.setFilters(route.filters);
    if (this.link === 'live') this.#refreshView();
    this.#follow();
    this.changes.note();
  }

  signIn(token: string, keep: boolean): void {
    holdToken(token, keep);
    this.#restart();
  }

  signOut(): void {
    dropToken();
    this.me = undefined;
    this.agents = [];
    this.#restart();
  }

  async act(
    id: string,
    action: Exclude<ControlAction, 'open'>,
    body: object = {},
  ): Promise<{ conversation: string }> {
    return post(`v1/conversations/${encodeURIComponent(id)}/${action}`, body);
  }

  #restart(): void {
    this.denied = undefined;
    this.#followed = null;
    if (this.route.view === 'conversation')
      this.open = new OpenConversation(this.route.id, this.changes, this.route.seq);
    this.#follow();
    this.changes.note();
  }

  /** One stream of events: of the conversation in view, else of all. */
  #follow(): void {
    const wanted = this.open?.id;
    if (this.#followed === wanted) return;
    this.#followed = wanted;
    this.#stop.abort();
    this.#stop = new AbortController();
    this.denied = undefined;
    this.link = 'connecting';
    void this.#run(wanted, this.#stop.signal);
  }

  async #run(conversation: string | undefined, stop: AbortSignal): Promise<void> {
    const denied = await follow(
      conversation,
      {
        onOpen: () => {
          this.link = 'live';
          this.lost = undefined;
          this.#learnRole();
          this.refreshAgents();
          this.#refreshView();
          this.changes.note();
        },
        onLost: (lost) => {
          this.link = 'connecting';
          this.lost = lostWords(lost, location);
          this.open?.transcript.forgetDrafts();
          this.changes.note();
        },
        onEvent: (event, data) => this.#onEvent(event, data),
      },
      stop,
    );
    if (!denied) return;
    this.denied = denied;
    this.link = 'signed-out';
    this.changes.note();
  }

  #onEvent(event: string, data: unknown): void {
    if (event === 'agents') {
      this.refreshAgents();
      if (this.route.view === 'overview') this.refreshOverview();
    } else if (event === 'entry') {
      const { conversation, entry } = data as { conversation: string; entry: Entry };
      if (this.open?.id === conversation) this.open.onEntry(entry);
      else this.runs.onEntry(conversation, entry, this.route.view === 'runs');
      if (this.route.view === 'overview') this.refreshOverview();
      if (this.route.view === 'agents') this.refreshAgents();
    } else if (event === 'chunk') {
      const chunk = data as Chunk & { conversation: string };
      if (this.open?.id === chunk.conversation) this.open.onChunk(chunk);
    }
  }

  /** Loads what the view on screen shows. */
  #refreshView(): void {
    if (this.open) this.open.refresh();
    else if (this.route.view === 'runs') this.runs.refresh();
    else if (this.route.view === 'overview') this.refreshOverview();
  }

  async #loadOverview(): Promise<void> {
    this.overview = await get<Overview>('v1/overview');
    this.changes.note();
  }

  #learnRole(): void {
    get<Me>('v1/me')
      .then((me) => {
        this.me = me;
        this.changes.note();
      })
      .catch((error: unknown) => console.info('the role is not known', error));
  }

  async #loadAgents(): Promise<void> {
    const connected: AgentView[] = [];
    for (let path: string | undefined = 'v1/agents?away=1'; path !== undefined; ) {
      const page: { agents: AgentView[]; next?: string } | undefined = await get(path);
      connected.push(...(page?.agents ?? []));
      path = page?.next && relative(page.next);
    }
    const names = new Set(connected.map(({ name }) => name));
    const away = this.agents
      .filter(({ name }) => !names.has(name))
      // A router that was started again does not remember them.
      .map(({ each: _, ...agent }) => ({
        ...agent,
        replicas: 0,
        active: 0,
        awaySince: agent.awaySince ?? Date.now(),
      }));
    this.agents = [...connected, ...away].sort((a, b) => (a.name < b.name ? -1 : 1));
    this.agentsKnown = true;
    this.changes.note();
  }
}
