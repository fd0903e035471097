import type { Cluster } from '../cluster/cluster.ts';
import type { Conversations } from '../conversations/conversations.ts';
import type { Chunk, ChunkObserver, RouterEvents } from './router-events.ts';

export interface SharedChunksOptions {
  readonly cluster: Pick<Cluster, 'messages' | 'follow' | 'isAlive'>;
  readonly conversations: Pick<Conversations, 'get'>;
  readonly routerEvents: RouterEvents;
  /** The steady clock. */
  readonly now: () => number;
}

/** The conversations that the listeners of one router watch. */
interface Watched {
  readonly all: boolean;
  readonly conversations: ReadonlySet<string>;
}

const nothing: Watched = { all: false, conversations: new Set() };

/** A router that watches more conversations than this is sent the chunks of all conversations. */
const maxNamed = 1_000;
/** The watched conversations are announced again and again, because a message between routers may be lost. */
const announceEveryMs = 5_000;

const isWatched = ({ all, conversations }: Watched, id: string): boolean => all || conversations.has(id);

const readWatched = (payload: unknown): Watched | undefined => {
  const { all, conversations } = (payload ?? {}) as Record<string, unknown>;
  if (typeof all !== 'boolean' || !Array.isArray(conversations)) return undefined;
  return { all, conversations: new Set(conversations.map(String)) };
};

const readChunk = (payload: unknown): Chunk | undefined => {
  const { conversation, turn, from, text, offset } = (payload ?? {}) as Record<string, unknown>;
  const isChunk =
    typeof conversation === 'string' &&
    typeof from === 'string' &&
    typeof text === 'string' &&
    Number.isSafeInteger(turn) &&
    Number.isSafeInteger(offset);
  return isChunk ? { conversation, from, text, turn: Number(turn), offset: Number(offset) } : undefined;
};

/**
 * Sends the parts of unfinished replies to the routers on which a listener watches the conversation, and to no other. Messages
 * between routers may be lost: then a part of a draft is missing. The message itself comes from the ledger, whole.
 */
export class SharedChunks implements ChunkObserver {
  readonly #options: SharedChunksOptions;
  #all = false;
  readonly #own = new Set<string>();
  /** What other routers watch; routers that watch nothing are missing. */
  readonly #others = new Map<string, Watched>();
  /** The routers that have received an announcement since they joined. */
  readonly #greeted = new Set<string>();
  #announcedAt = Number.NEGATIVE_INFINITY;
  #isChanged = false;

  constructor(options: SharedChunksOptions) {
    this.#options = options;
    const { messages } = options.cluster;
    messages.on('watched', (payload, from) => this.#heardWatched(from, readWatched(payload)));
    messages.on('chunk', (payload) => this.#heardChunk(readChunk(payload)));
    options.cluster.follow(({ type, router: { id } }) => {
      if (type === 'gone') this.#others.delete(id);
      else if (!this.#greeted.has(id)) this.#announce(id);
      if (type === 'gone') this.#greeted.delete(id);
      else this.#greeted.add(id);
    });
    options.routerEvents.observe(this);
  }

  watched(conversation: string | undefined, isNew: boolean): void {
    if (conversation === undefined) this.#all = isNew;
    else if (isNew) this.#own.add(conversation);
    else this.#own.delete(conversation);
    // Only a new listener is urgent: it waits for the text so far.
    if (isNew) this.#announce('all');
    else this.#isChanged = true;
  }

  written(chunk: Chunk): void {
    for (const [router, watched] of this.#others)
      if (isWatched(watched, chunk.conversation)) this.#options.cluster.messages.send('chunk', router, chunk);
  }

  /** To be called about once a second. */
  tick(): void {
    const isWatching = this.#all || this.#own.size > 0;
    const isDue = this.#options.now() - this.#announcedAt >= announceEveryMs;
    if (this.#isChanged || (isWatching && isDue)) this.#announce('all');
  }

  #announce(to: string): void {
    const { messages } = this.#options.cluster;
    const all = this.#all || this.#own.size > maxNamed;
    messages.send('watched', to, { all, conversations: all ? [] : [...this.#own] });
    if (to !== 'all') return;
    this.#announcedAt = this.#options.now();
    this.#isChanged = false;
  }

  #heardWatched(from: string, watched: Watched | undefined): void {
    const { cluster, routerEvents } = this.#options;
    if (!watched || !cluster.isAlive(from)) return;
    const before = this.#others.get(from) ?? nothing;
    if (watched.all || watched.conversations.size > 0) this.#others.set(from, watched);
    else this.#others.delete(from);
    if (before.all) return;
    for (const draft of routerEvents.drafts.of(undefined, 'own'))
      if (isWatched(watched, draft.conversation) && !isWatched(before, draft.conversation))
        cluster.messages.send('chunk', from, draft);
  }

  /** Drops a chunk that arrives after its message: its draft would never end. */
  #heardChunk(chunk: Chunk | undefined): void {
    if (!chunk) return;
    const floor = this.#options.conversations.get(chunk.conversation)?.floor;
    if (floor?.some(({ number, member }) => number === chunk.turn && member === chunk.from))
      this.#options.routerEvents.foreignChunk(chunk);
  }
}
